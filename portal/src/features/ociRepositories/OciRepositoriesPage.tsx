import { Center, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'
import { paths } from '../../lib/paths'
import { exact, minutesAndSeconds } from '../../lib/time'
import { useTableView } from '../../lib/useTableView'
import { DataTable, type Column } from '../../ui/DataTable'
import { StatusBadge } from '../../ui/StatusBadge'
import { HelmTabs } from '../shell/HelmTabs'

type OciRepository = Schemas['OciRepository']

const columns: Column<OciRepository>[] = [
  { key: 'name', title: 'Name', sort: 'name', render: ({ name }) => name },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  { key: 'url', title: 'Repository URL', sort: 'url', render: ({ url }) => url },
  {
    key: 'interval',
    title: 'Interval',
    render: ({ interval, intervalSeconds }) => minutesAndSeconds(intervalSeconds, interval),
  },
  { key: 'status', title: 'Status', sort: 'state', render: ({ status }) => <StatusBadge status={status} withReason /> },
  { key: 'created', title: 'Created At', render: ({ createdAt }) => exact(createdAt) },
]

/** The OCIRepositories: one chart of a registry each. */
export function OciRepositoriesPage() {
  const { namespace, view, onView } = useTableView()
  const list = useQuery({
    queryKey: ['oci-repositories', 'list', namespace, view],
    queryFn: () => answer(client.GET('/api/v1/oci-repositories', { params: { query: { namespace, ...view } } })),
    placeholderData: keepPreviousData,
  })
  return (
    <HelmTabs active={paths.ociRepositories}>
      <DataTable
        label="OCI repositories"
        columns={columns}
        rowKey={({ namespace: of, name }) => `${of}/${name}`}
        rowName={({ name }) => name}
        view={view}
        onView={onView}
        page={list.data}
        error={list.error}
        retry={() => void list.refetch()}
        empty={
          <Center p="xl">
            <Text>{view.search ? `No repository matches “${view.search}”.` : 'No data to display'}</Text>
          </Center>
        }
      />
    </HelmTabs>
  )
}
