import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'

import type { Schemas } from '../../api/client'
import { paths } from '../../lib/paths'
import { exact, minutesAndSeconds } from '../../lib/time'
import type { Column } from '../../ui/DataTable'
import { StatusBadge } from '../../ui/StatusBadge'

type OciRepository = Schemas['OciRepository']

const all: Column<OciRepository>[] = [
  {
    key: 'name',
    title: 'Name',
    sort: 'name',
    width: 140,
    render: ({ namespace, name }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to={paths.ociRepository} params={{ namespace, name }} {...props} />}>
        {name}
      </Anchor>
    ),
  },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  {
    key: 'url',
    title: 'Repository URL',
    sort: 'url',
    render: ({ url }) => (
      <Text size="sm" maw={300} title={url} lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
        {url}
      </Text>
    ),
  },
  { key: 'tag', title: 'Tag', render: ({ reference }) => wanted(reference) },
  {
    key: 'revision',
    title: 'Revision',
    sort: 'revision',
    render: ({ artifact }) => <Revision revision={artifact?.revision} />,
  },
  {
    key: 'interval',
    title: 'Interval',
    sort: 'interval',
    render: ({ interval, intervalSeconds }) => minutesAndSeconds(intervalSeconds, interval),
  },
  { key: 'status', title: 'Status', sort: 'state', width: 220, render: ({ status }) => <StatusBadge status={status} withReason /> },
  { key: 'releases', title: 'Releases', sort: 'releases', numeric: true, render: (row) => <Uses repository={row} /> },
  { key: 'created', title: 'Created At', sort: 'createdAt', render: ({ createdAt }) => exact(createdAt) || '–' },
]

const one = all.filter(({ key }) => key !== 'namespace')

/** The columns of the OCI repositories; their namespace only where several are shown. */
export const columns = (namespace: string | undefined) => (namespace ? one : all)

/** What of the repository is asked for, as the API counts: a digest before a range, a range before a tag. */
function wanted({ digest, semver, tag }: OciRepository['reference']): string {
  if (digest) return shortened(digest)
  return semver ?? tag ?? 'latest'
}

const shortened = (text: string) => text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, '$1…')

function Revision({ revision }: { revision: string | undefined }) {
  if (!revision) return '–'
  return (
    <Text size="sm" title={revision} style={{ overflowWrap: 'anywhere' }}>
      {shortened(revision)}
    </Text>
  )
}

function Uses({ repository: { namespace, name, releases } }: { repository: OciRepository }) {
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
