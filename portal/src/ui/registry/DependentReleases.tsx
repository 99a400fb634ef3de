import { Alert, Skeleton, Stack, Text } from '@mantine/core'

import type { Schemas } from '../../api/client'
import { isForbidden } from '../../api/problem'
import { counted } from '../../lib/registryWords'
import { PlainTable } from '../PlainTable'
import { Problem } from '../Problem'
import { ReleaseLink } from '../ReleaseLink'

type Dependents = Schemas['Dependents']

type Uses = { data: Dependents | undefined; error: unknown; refetch: () => void }

/** The releases that use a repository, each leading to its page. */
export function DependentReleases({ data, error, refetch }: Uses) {
  if (error) return <Problem error={error} retry={refetch} />
  if (!data) return <Skeleton height={120} />
  return (
    <Stack gap="sm">
      {data.items.length === 0 ? (
        <Text size="sm" c="dimmed">
          No release uses it.
        </Text>
      ) : (
        <PlainTable
          label="Releases that use it"
          minWidth={480}
          rows={data.items}
          rowKey={({ namespace, name }) => `${namespace}/${name}`}
          columns={[
            {
              title: 'Name',
              render: ({ namespace, name }) => <ReleaseLink namespace={namespace} name={name} />,
            },
            { title: 'Namespace', render: ({ namespace }) => namespace },
            { title: 'Chart Name', render: ({ chart }) => chart ?? '–' },
            { title: 'Chart Version', render: ({ chart, version }) => version ?? (chart ? 'newest' : '–') },
          ]}
        />
      )}
      {!data.complete && <Partial />}
    </Stack>
  )
}

function Partial() {
  return (
    <Text size="sm" c="dimmed">
      You may not list the releases of all namespaces: others may use it too.
    </Text>
  )
}

/** Releases named before “and more”. */
const SHOWN = 12

/** What deleting a repository does to those who use it. */
export function DeletionNote({ data, error, refetch }: Uses) {
  if (isForbidden(error)) {
    return (
      <Alert color="orange">
        You may not list releases, so nobody knows here which ones use it. Those that do stay deployed and stop
        reconciling.
      </Alert>
    )
  }
  if (error) return <Problem error={error} retry={refetch} />
  if (!data) return <Text size="sm">Looking for releases that use it…</Text>
  if (data.items.length === 0) {
    return (
      <Stack gap="xs">
        <Text size="sm">No release uses it.</Text>
        {!data.complete && <Partial />}
      </Stack>
    )
  }
  const more = data.items.length - SHOWN
  return (
    <Stack gap="xs">
      <Text size="sm">
        {data.items.length === 1
          ? 'This release stays deployed and stops'
          : `These ${counted(data.items.length, 'release')} stay deployed and stop`}{' '}
        reconciling until a repository of this name is added again:
      </Text>
      <ul style={{ margin: 0, paddingInlineStart: 20 }}>
        {data.items.slice(0, SHOWN).map(({ namespace, name }) => (
          <Text component="li" size="sm" key={`${namespace}/${name}`} style={{ overflowWrap: 'anywhere' }}>
            {namespace}/{name}
          </Text>
        ))}
      </ul>
      {more > 0 && <Text size="sm">and {more} more</Text>}
      {!data.complete && <Partial />}
    </Stack>
  )
}

/** Whether the name has to be typed before a repository is deleted: releases use it, or nobody could look. */
export function wantsName({ data, error }: Pick<Uses, 'data' | 'error'>): boolean {
  return isForbidden(error) || (data !== undefined && data.items.length > 0)
}
