import { Anchor, Skeleton, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'

import { paths } from '../../lib/paths'
import { Problem } from '../../ui/Problem'
import { Nothing } from './Nothing'
import { chartReleases, type Origin } from './queries'

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
        <Table aria-label="Releases of this chart" verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Namespace</Table.Th>
              <Table.Th>Asks for version</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {releases.map(({ namespace, name, version }) => (
              <Table.Tr key={`${namespace}/${name}`}>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  <Anchor size="sm" renderRoot={(props) => <Link to={paths.release} params={{ namespace, name }} {...props} />}>
                    {name}
                  </Anchor>
                </Table.Td>
                <Table.Td>{namespace}</Table.Td>
                <Table.Td>{version || (origin.chart === undefined ? 'what the repository pulls' : 'the newest')}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {!found.data.complete && (
        <Text size="sm" c="dimmed">
          There may be more in namespaces that you may not see.
        </Text>
      )}
    </Stack>
  )
}
