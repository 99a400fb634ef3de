import { Anchor, Badge, Stack, Text } from '@mantine/core'
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
    width: 140,
    render: ({ namespace, name }) => <RepositoryLink namespace={namespace} name={name} />,
  },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  { key: 'url', title: 'Repository URL', sort: 'url', render: (row) => <Address repository={row} /> },
  {
    key: 'interval',
    title: 'Interval',
    sort: 'interval',
    render: ({ interval, intervalSeconds }) => minutesAndSeconds(intervalSeconds, interval),
  },
  { key: 'status', title: 'Status', sort: 'state', width: 230, render: ({ status }) => <StatusBadge status={status} withReason /> },
  { key: 'charts', title: 'Charts', sort: 'charts', numeric: true, render: ({ catalog }) => catalog?.charts ?? '–' },
  { key: 'versions', title: 'Versions', sort: 'versions', numeric: true, render: (row) => <Versions repository={row} /> },
  { key: 'releases', title: 'Releases', sort: 'releases', numeric: true, render: (row) => <Uses repository={row} /> },
  { key: 'synced', title: 'Last Sync', sort: 'lastSync', width: 112, render: (row) => <LastSync repository={row} /> },
]

const one = all.filter(({ key }) => key !== 'namespace')

/** The columns of the repositories; their namespace only where several are shown. */
export const columns = (namespace: string | undefined) => (namespace ? one : all)

function Address({ repository: { url, type } }: { repository: Repository }) {
  return (
    <Stack gap={0} miw={220}>
      <Text size="sm" title={url} lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
        {url}
      </Text>
      <Text size="xs" c="dimmed">
        {type === 'oci' ? 'OCI Repository' : 'Helm Repository'}
      </Text>
    </Stack>
  )
}

function Versions({ repository: { catalog, status } }: { repository: Repository }) {
  if (!catalog) return '–'
  return (
    <>
      {catalog.versions}{' '}
      {!catalog.complete && status.state === 'Ready' && (
        <Badge size="sm" variant="outline" color="var(--pilothouse-attention)" title={catalog.detail ?? 'The list may not be complete'}>
          not complete
        </Badge>
      )}
    </>
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
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
          next <Ago time={next} />
        </Text>
      )}
    </Stack>
  )
}
