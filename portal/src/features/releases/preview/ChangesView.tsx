import { Alert, Code, Group, List, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'

import type { Schemas } from '../../../api/client'
import { ChangeList } from '../../../ui/ChangeList'
import { DiffView } from '../../../ui/DiffView'

type Changes = Schemas['Changes']

/** What an upgrade would change of what is deployed. */
export function ChangesView({ changes, version }: { changes: Changes; version: string }) {
  const { objects, hooks, crds, values, imagesAdded, imagesRemoved, unknownOverrides } = changes
  const count = (change: string) => objects.filter((one) => one.change === change).length
  const parts = [
    [count('changed'), 'changed'],
    [count('added'), 'added'],
    [count('removed'), 'removed'],
  ] as const
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${what} ${number}`)
  return (
    <Stack>
      <Text size="sm">
        Compared with revision {changes.revision}, chart {changes.chartVersion}
        {version !== changes.chartVersion && ` → ${version}`}:{' '}
        {said.length > 0 ? `objects ${said.join(', ')}.` : 'no object changes.'}
      </Text>
      {unknownOverrides.length > 0 && (
        <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} title="The chart does not know some of your values">
          <Stack gap="xs">
            <Text size="sm">
              Version {version} has no such keys in its defaults; they were renamed or removed, or are misspelt, and most
              likely have no effect:
            </Text>
            <Group gap="xs">
              {unknownOverrides.map((path) => (
                <Code key={path}>{path}</Code>
              ))}
            </Group>
          </Stack>
        </Alert>
      )}
      <Part title="Objects">
        <ChangeList items={objects} />
      </Part>
      {(imagesAdded.length > 0 || imagesRemoved.length > 0) && (
        <Part title="Images">
          <List size="sm" listStyleType="none">
            {imagesAdded.map((image) => (
              <List.Item key={`+${image}`} style={{ overflowWrap: 'anywhere' }}>
                Added: <Code>{image}</Code>
              </List.Item>
            ))}
            {imagesRemoved.map((image) => (
              <List.Item key={`-${image}`} style={{ overflowWrap: 'anywhere' }}>
                Removed: <Code>{image}</Code>
              </List.Item>
            ))}
          </List>
        </Part>
      )}
      <Part title="Values">
        <DiffView unified={values.unified} label="Difference of the values" />
      </Part>
      {hooks.length > 0 && (
        <Part title="Hooks">
          <ChangeList items={hooks} />
        </Part>
      )}
      {crds.length > 0 && (
        <Part title="CRDs">
          <ChangeList items={crds} />
        </Part>
      )}
    </Stack>
  )
}

/** A titled part; `order` is the level of its heading. */
export function Part({ title, order = 3, children }: { title: string; order?: 2 | 3; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section">
      <Title order={order} size="h5">
        {title}
      </Title>
      {children}
    </Stack>
  )
}
