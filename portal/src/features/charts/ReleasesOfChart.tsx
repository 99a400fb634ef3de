import { Skeleton, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'

import { PlainTable } from '../../ui/PlainTable'
import { Problem } from '../../ui/Problem'
import { Nothing } from './Nothing'
import { chartReleases, type Origin } from './queries'
import { ReleaseLink } from '../../ui/ReleaseLink'

/** The releases that deploy this chart from this repository. */
export function ReleasesOfChart({ origin }: { origin: Origin }) {
  const found = useQuery(chartReleases(origin))
  if (found.error) return <Problem error={found.error} retry={() => void found.refetch()} />
  if (found.isPending) return <Skeleton height={80} />
  const releases = found.data.items.filter(({ chart }) => origin.chart === undefined || chart === origin.chart)
  return (
    <Stack gap="xs">
      {releases.length === 0 ? (
        <Nothing>No release uses this chart.</Nothing>
      ) : (
        <PlainTable
          label="Releases of this chart"
          rows={releases}
          rowKey={({ namespace, name }) => `${namespace}/${name}`}
          columns={[
            {
              title: 'Name',
              render: ({ namespace, name }) => <ReleaseLink namespace={namespace} name={name} />,
              cell: { style: { overflowWrap: 'anywhere' } },
            },
            { title: 'Namespace', render: ({ namespace }) => namespace },
            {
              title: 'Asks for version',
              render: ({ version }) => version || (origin.chart === undefined ? 'what the repository pulls' : 'the newest'),
            },
          ]}
        />
      )}
      {!found.data.complete && (
        <Text size="sm" c="dimmed">
          There may be more in namespaces that you may not see.
        </Text>
      )}
    </Stack>
  )
}
