import { Anchor, Badge, Group, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'

import { paths } from '../../lib/paths'
import { minutesAndSeconds } from '../../lib/time'
import { Ago } from '../../ui/Ago'
import type { Column } from '../../ui/DataTable'
import { StatusBadge } from '../../ui/StatusBadge'
import type { Repository } from './queries'
import { RepositoryLink } from './RepositoryLink'

const all: Column<Repository>[] = [
  {
    key: 'name',
    title: 'Name',
    sort: 'name',
    render: ({ namespace, name }) => <RepositoryLink namespace={namespace} name={name} />,
  },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  {
    key: 'type',
    title: 'Repository Type',
    sort: 'type',
    render: ({ type }) => (type === 'oci' ? 'OCI Repository' : 'Helm Repository'),
  },
  { key: 'url', title: 'Repository URL', sort: 'url', render: ({ url }) => <Address url={url} /> },
  {
    key: 'interval',
    title: 'Interval',
    sort: 'interval',
    render: ({ interval, intervalSeconds }) => minutesAndSeconds(intervalSeconds, interval),
  },
  { key: 'status', title: 'Status', sort: 'state', width: 190, render: ({ status }) => <StatusBadge status={status} withReason /> },
  { key: 'charts', title: 'Charts', sort: 'charts', numeric: true, render: ({ catalog }) => catalog?.charts ?? '–' },
  { key: 'versions', title: 'Versions', sort: 'versions', numeric: true, render: (row) => <Versions repository={row} /> },
  { key: 'releases', title: 'Releases', sort: 'releases', numeric: true, render: (row) => <Uses repository={row} /> },
  { key: 'synced', title: 'Last Sync', sort: 'lastSync', render: (row) => <LastSync repository={row} /> },
]

const one = all.filter(({ key }) => key !== 'namespace')

/** The columns of the repositories; their namespace only where several are shown. */
export const columns = (namespace: string | undefined) => (namespace ? one : all)

function Address({ url }: { url: string }) {
  return (
    <Text size="sm" maw={300} title={url} lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
      {url}
    </Text>
  )
}

function Versions({ repository: { catalog } }: { repository: Repository }) {
  if (!catalog) return '–'
  return (
    <Group gap={6} justify="flex-end" wrap="nowrap" display="inline-flex">
      {catalog.versions}
      {!catalog.complete && (
        <Badge size="sm" variant="outline" color="var(--pilothouse-attention)" title={catalog.detail ?? 'The list may not be complete'}>
          not complete
        </Badge>
      )}
    </Group>
  )
}

function Uses({ repository: { namespace, name, releases } }: { repository: Repository }) {
  if (!releases) return releases ?? '–'
  return (
    <Anchor
      size="sm"
      aria-label={`${releases} ${releases === 1 ? 'release uses' : 'releases use'} ${name}`}
      renderRoot={(props) => <Link to={paths.releases} search={{ namespace, source: name }} {...props} />}
    >
      {releases}
    </Anchor>
  )
}

function LastSync({ repository: { catalog, suspended } }: { repository: Repository }) {
  const next = suspended ? undefined : catalog?.nextSyncAt
  return (
    <Stack gap={0}>
      <Ago time={catalog?.lastCheckedAt} />
      {next && (
        <Text size="xs" c="dimmed">
          next <Ago time={next} />
        </Text>
      )}
    </Stack>
  )
}
