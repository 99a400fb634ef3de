import { Anchor, Button, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { IconAnchor, IconEye, IconServer } from '@tabler/icons-react'

import { paths } from '../../lib/paths'
import { useTableView } from '../../lib/useTableView'
import { Ago } from '../../ui/Ago'
import { DataTable, type Action, type Column } from '../../ui/DataTable'
import { EmptyState } from '../../ui/EmptyState'
import { PageHead } from '../../ui/PageHead'
import { StatusBadge } from '../../ui/StatusBadge'
import { Images, ReleaseOf, Running } from './parts'
import { services, type Workload } from './queries'

const all: Column<Workload>[] = [
  {
    key: 'name',
    title: 'Name',
    sort: 'name',
    render: ({ namespace, kind, name }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to={paths.service} params={{ namespace, kind, name }} {...props} />}>
        {name}
      </Anchor>
    ),
  },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  { key: 'kind', title: 'Kind', sort: 'kind', render: ({ kind }) => kind },
  { key: 'image', title: 'Image', render: ({ images }) => <Images images={images} /> },
  { key: 'replicas', title: 'Replicas', sort: 'replicas', numeric: true, render: ({ replicas }) => replicas },
  { key: 'app', title: 'App', sort: 'app', render: ({ app }) => app ?? '–' },
  { key: 'running', title: 'Running', numeric: true, render: (row) => <Running workload={row} /> },
  { key: 'state', title: 'State', sort: 'state', render: ({ state }) => <StatusBadge status={{ state }} /> },
  { key: 'release', title: 'Release', render: (row) => <ReleaseOf workload={row} /> },
  { key: 'age', title: 'Created', width: 110, sort: 'createdAt', render: ({ createdAt }) => <Ago time={createdAt} /> },
]

const one = all.filter(({ key }) => key !== 'namespace')

/** The workloads that releases made; they are changed through their release. */
export function ServicesPage() {
  const { namespace, view, query, onView } = useTableView()
  const navigate = useNavigate()
  const list = useQuery(services(namespace, query))
  const actions: Action<Workload>[] = [
    {
      label: 'View',
      icon: <IconEye size={16} aria-hidden />,
      run: ({ namespace: of, kind, name }) => void navigate({ to: paths.service, params: { namespace: of, kind, name } }),
    },
    {
      label: 'Release',
      icon: <IconAnchor size={16} aria-hidden />,
      disabled: ({ release }) => (release ? undefined : 'No release of this portal made it.'),
      run: ({ release }) => release && void navigate({ to: paths.release, params: release }),
    },
  ]
  return (
    <Stack>
      <PageHead title="Services" crumbs={[{ label: 'Kubernetes' }, { label: 'Services' }]} />
      <DataTable
        label="Services"
        columns={namespace ? one : all}
        actions={actions}
        rowKey={({ kind, namespace: of, name }) => `${kind}/${of}/${name}`}
        rowName={({ name }) => name}
        view={view}
        onView={onView}
        page={list.data}
        error={list.error}
        retry={() => void list.refetch()}
        empty={
          <EmptyState
            icon={<IconServer aria-hidden />}
            title={namespace ? `No services in ${namespace} yet` : 'No services yet'}
            action={<Button renderRoot={(props) => <Link to={paths.releases} {...props} />}>See the releases</Button>}
          >
            Here are the Deployments, StatefulSets and DaemonSets that releases made. They can only be looked at: to change one, update
            its release.
          </EmptyState>
        }
      />
    </Stack>
  )
}
