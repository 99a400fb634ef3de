import { Anchor, Badge, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'

import type { Schemas } from '../../api/client'
import { paths } from '../../lib/paths'
import { useTableView } from '../../lib/useTableView'
import { visible } from '../../lib/visible'
import { DataTable, type Column } from '../../ui/DataTable'
import { chartPage, type Repository } from './queries'

type Chart = Schemas['ChartView']

const columns: Column<Chart>[] = [
  {
    key: 'name',
    title: 'Name',
    sort: 'name',
    render: (chart) => (
      <Group gap={6} wrap="nowrap">
        <ChartLink chart={chart} />
        {chart.deprecated && (
          <Badge size="xs" color="gray.7" variant="filled">
            Deprecated
          </Badge>
        )}
      </Group>
    ),
  },
  { key: 'version', title: 'Newest Version', render: ({ version }) => visible(version) },
  { key: 'appVersion', title: 'App Version', render: ({ appVersion }) => visible(appVersion) || '–' },
  { key: 'versions', title: 'Versions', sort: 'versions', render: ({ versions }) => versions.toLocaleString('en-US') },
  {
    key: 'description',
    title: 'Description',
    render: ({ description }) => (
      <Text size="sm" lineClamp={2} title={visible(description)}>
        {visible(description) || '–'}
      </Text>
    ),
  },
]

/** The charts that the last sync found. */
export function ChartsTable({ repository }: { repository: Repository }) {
  const { view, onView } = useTableView()
  const page = useQuery(chartPage(repository.namespace, repository.name, view))
  return (
    <DataTable
      label={`Charts of ${repository.name}`}
      columns={columns}
      rowKey={({ name }) => name}
      rowName={({ name }) => name}
      view={view}
      onView={onView}
      page={page.data}
      error={page.error}
      retry={() => void page.refetch()}
      empty={
        <Text size="sm" c="dimmed" p="md" ta="center">
          {view.search ? `No chart matches “${view.search}”.` : 'No chart was found yet.'}
        </Text>
      }
    />
  )
}

function ChartLink({ chart: { namespace, repository, name } }: { chart: Chart }) {
  return (
    <Anchor
      size="sm"
      renderRoot={(props) => <Link to={paths.chart} params={{ namespace, name: repository, chart: name }} {...props} />}
    >
      {visible(name)}
    </Anchor>
  )
}
