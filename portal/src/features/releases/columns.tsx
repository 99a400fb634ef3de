import { Badge, Group, Stack, Text } from '@mantine/core'
import { IconArrowUpCircle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'

import { paths } from '../../lib/paths'
import { exact } from '../../lib/time'
import type { Column } from '../../ui/DataTable'
import { StatusBadge } from '../../ui/StatusBadge'
import type { Release } from './queries'
import { ReleaseLink } from '../../ui/ReleaseLink'

const strategies: Record<string, string> = { ChartVersion: 'Chart Version', Revision: 'Revision' }

const all: Column<Release>[] = [
  {
    key: 'name',
    title: 'Name',
    sort: 'name',
    width: 116,
    render: ({ namespace, name }) => <ReleaseLink namespace={namespace} name={name} />,
  },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  { key: 'releaseName', title: 'Release Name', sort: 'releaseName', render: ({ releaseName }) => releaseName },
  { key: 'chart', title: 'Chart Name', sort: 'chart', render: (row) => <ChartName release={row} /> },
  { key: 'version', title: 'Chart Version', sort: 'version', render: (row) => <ChartVersion release={row} /> },
  {
    key: 'strategy',
    title: 'Reconcile Strategy',
    sort: 'reconcileStrategy',
    render: ({ chart }) => strategies[chart.reconcileStrategy ?? ''] ?? '–',
  },
  { key: 'ready', title: 'Ready', sort: 'state', width: 180, render: ({ status }) => <StatusBadge status={status} withReason /> },
  { key: 'app', title: 'App', sort: 'app', render: ({ app }) => app ?? '–' },
  {
    key: 'since',
    title: 'Last Transition',
    sort: 'lastTransition',
    render: ({ status }) => (
      <Text size="sm" component="time" dateTime={status.since ?? undefined}>
        {exact(status.since) || '–'}
      </Text>
    ),
  },
]

const one = all.filter(({ key }) => key !== 'namespace')

/** The columns of the releases; their namespace only where several are shown. */
export const columns = (namespace: string | undefined) => (namespace ? one : all)

function ChartName({ release: { chart, deployed } }: { release: Release }) {
  return (
    <Stack gap={0}>
      <span>{chart.name ?? deployed?.chartName ?? '–'}</span>
      <Text size="xs" c="dimmed">
        {chart.sourceName}
      </Text>
    </Stack>
  )
}

function ChartVersion({ release }: { release: Release }) {
  const { namespace, name, chart, deployed, newer, lastAttemptedVersion, status } = release
  const shown = deployed?.chartVersion ?? chart.version ?? '–'
  const attempted = status.state !== 'Ready' && lastAttemptedVersion && lastAttemptedVersion !== deployed?.chartVersion
  return (
    <Group gap={6}>
      <span>{shown}</span>
      {attempted && (
        <Text size="xs" c="dimmed">
          {deployed ? `→ ${lastAttemptedVersion}` : lastAttemptedVersion === shown ? '' : `tries ${lastAttemptedVersion}`}
        </Text>
      )}
      {newer && (
        <Badge
          variant="outline"
          color={newer.major ? 'var(--pilothouse-attention)' : 'var(--pilothouse-accent)'}
          leftSection={<IconArrowUpCircle size={12} aria-hidden />}
          style={{ cursor: 'pointer' }}
          title={newer.major ? 'A newer major version: read what changed first' : 'A newer version of the chart'}
          renderRoot={(props) => (
            <Link to={paths.editRelease} params={{ namespace, name }} search={{ version: newer.version }} {...props} />
          )}
        >
          {newer.version} available
        </Badge>
      )}
    </Group>
  )
}
