import { Anchor, Badge, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'

import type { Schemas } from '../../api/client'
import { paths } from '../../lib/paths'
import { ago, exact } from '../../lib/time'
import { useTableView } from '../../lib/useTableView'
import { visible } from '../../lib/visible'
import { DataTable, type Column } from '../../ui/DataTable'
import { PageHead } from '../../ui/PageHead'
import { ChartTile } from './ChartTile'
import { chartList } from './queries'

type Chart = Schemas['Page_ChartView']['items'][number]

const columns: Column<Chart>[] = [
  {
    key: 'name',
    title: 'Name',
    sort: 'name',
    render: ({ namespace, repository, name, description, deprecated }) => (
      <Group gap="sm" wrap="nowrap" maw={460}>
        <ChartTile name={name} size={32} />
        <Stack gap={0} miw={0}>
          <Group gap={6}>
            <Anchor
              size="sm"
              style={{ overflowWrap: 'anywhere' }}
              renderRoot={(props) => (
                <Link
                  to={paths.chart}
                  params={{ namespace, name: repository, chart: name }}
                  search={(before) => ({ namespace: before.namespace })}
                  {...props}
                />
              )}
            >
              {visible(name)}
            </Anchor>
            {deprecated && (
              <Badge size="xs" color="orange.9">
                deprecated
              </Badge>
            )}
          </Group>
          <Text size="xs" c="dimmed" lineClamp={1}>
            {visible(description)}
          </Text>
        </Stack>
      </Group>
    ),
  },
  { key: 'version', title: 'Newest version', sort: 'version', render: ({ version }) => visible(version) },
  { key: 'appVersion', title: 'App version', render: ({ appVersion }) => (appVersion ? visible(appVersion) : '–') },
  { key: 'versions', title: 'Versions', sort: 'versions', render: ({ versions }) => versions },
  {
    key: 'repository',
    title: 'Helm Repository',
    sort: 'repository',
    render: ({ namespace, repository }) => (
      <Anchor
        size="sm"
        renderRoot={(props) => <Link to={paths.repository} params={{ namespace, name: repository }} {...props} />}
      >
        {repository}
      </Anchor>
    ),
  },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  {
    key: 'created',
    title: 'Created',
    sort: 'created',
    render: ({ created }) => (created ? <time dateTime={created} title={exact(created)}>{ago(created)}</time> : '–'),
  },
]

/** The charts of all repositories. */
export function ChartsPage() {
  const { namespace, view, onView } = useTableView()
  const list = useQuery(chartList(namespace, view))
  return (
    <Stack>
      <PageHead title="Charts" crumbs={[{ label: 'Kubernetes' }, { label: 'Helm' }, { label: 'Charts' }]} />
      <DataTable
        label="Charts"
        columns={columns}
        rowKey={({ namespace, repository, name }) => `${namespace}/${repository}/${name}`}
        rowName={({ name }) => name}
        view={view}
        onView={onView}
        page={list.data}
        error={list.error}
        retry={() => void list.refetch()}
        empty={
          <Text ta="center" p="xl">
            {view.search ? (
              `No chart matches “${view.search}”.`
            ) : (
              <>
                No chart was found yet.{' '}
                <Anchor inherit underline="always" renderRoot={(props) => <Link to={paths.repositories} {...props} />}>
                  Add a Helm repository
                </Anchor>{' '}
                to see its charts here.
              </>
            )}
          </Text>
        }
      />
    </Stack>
  )
}
