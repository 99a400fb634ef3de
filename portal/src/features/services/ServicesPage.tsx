import { Center, Stack, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'
import { ago } from '../../lib/time'
import { useTableView } from '../../lib/useTableView'
import { DataTable, type Column } from '../../ui/DataTable'
import { PageHead } from '../../ui/PageHead'
import { StatusBadge } from '../../ui/StatusBadge'

type Workload = Schemas['Workload']

const columns: Column<Workload>[] = [
  { key: 'name', title: 'Name', sort: 'name', render: ({ name }) => name },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  { key: 'kind', title: 'Kind', sort: 'kind', render: ({ kind }) => kind },
  { key: 'image', title: 'Image', render: ({ images }) => images.join(', ') },
  { key: 'replicas', title: 'Replicas', render: ({ replicas }) => replicas },
  { key: 'running', title: 'Running', render: ({ ready, replicas }) => `${ready} / ${replicas}` },
  { key: 'state', title: 'State', sort: 'state', render: ({ state }) => <StatusBadge status={{ state }} /> },
  { key: 'release', title: 'Release', render: ({ release, helmRelease }) => release?.name ?? helmRelease ?? '–' },
  { key: 'age', title: 'Created', render: ({ createdAt }) => ago(createdAt) },
]

/** The workloads that releases made; they are changed through their release. */
export function ServicesPage() {
  const { namespace, view, onView } = useTableView()
  const list = useQuery({
    queryKey: ['services', 'list', namespace, view],
    queryFn: () => answer(client.GET('/api/v1/services', { params: { query: { namespace, ...view } } })),
    placeholderData: keepPreviousData,
  })
  return (
    <Stack>
      <PageHead title="Services" crumbs={[{ label: 'Kubernetes' }, { label: 'Services' }]} />
      <DataTable
        label="Services"
        columns={columns}
        rowKey={({ kind, namespace: of, name }) => `${kind}/${of}/${name}`}
        rowName={({ name }) => name}
        view={view}
        onView={onView}
        page={list.data}
        error={list.error}
        retry={() => void list.refetch()}
        empty={
          <Center p="xl">
            <Text>No data to display</Text>
          </Center>
        }
      />
    </Stack>
  )
}
