import { Badge, Group, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'

import { visible } from '../../lib/visible'
import { PageHead, type Crumb } from '../../ui/PageHead'
import { ChartTile } from './ChartTile'
import type { Version } from './queries'

type Props = { name: string; crumbs: Crumb[]; shown: (Version & { type?: string }) | undefined; actions: ReactNode; picker?: ReactNode }

/** What a chart is, which version is shown, and what can be done with it. */
export function ChartHead({ name, crumbs, shown, actions, picker }: Props) {
  return (
    <Stack gap="md">
      <PageHead title={visible(name)} crumbs={crumbs} actions={actions} status={<Marks shown={shown} />} />
      <Group align="flex-start" wrap="nowrap" gap="md">
        <ChartTile name={name} size={48} />
        <Stack gap={4} style={{ flex: 1, minWidth: 0 }}>
          {/* Holds its line while the chart is being opened. */}
          <Text style={{ overflowWrap: 'anywhere', minHeight: '1.55em' }}>{visible(shown?.description ?? '')}</Text>
          <Text size="sm" c="dimmed" style={{ minHeight: '1.55em' }}>
            {shown?.appVersion && `App version ${visible(shown.appVersion)}`}
          </Text>
        </Stack>
      </Group>
      {picker}
    </Stack>
  )
}

function Marks({ shown }: { shown: Props['shown'] }) {
  return (
    <Group gap={6}>
      {shown?.deprecated && <Badge color="orange.9">deprecated</Badge>}
      {shown?.prerelease && <Badge color="gray.7">prerelease</Badge>}
      {shown?.type === 'library' && <Badge color="gray.7">library</Badge>}
    </Group>
  )
}
