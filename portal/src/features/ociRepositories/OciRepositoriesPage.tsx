import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { IconBox, IconEdit, IconEye, IconPlayerPause, IconPlayerPlay, IconPlus, IconRefresh, IconTrash } from '@tabler/icons-react'

import { answer, client, type Schemas } from '../../api/client'
import { useRights } from '../../api/rights'
import { paths } from '../../lib/paths'
import { useRowAction } from '../../lib/useRowAction'
import { useTableView } from '../../lib/useTableView'
import { DataTable, type Action, type TableView } from '../../ui/DataTable'
import { EmptyState } from '../../ui/EmptyState'
import { GuardedButton } from '../../ui/Guarded'
import { HelmTabs } from '../shell/HelmTabs'
import { AddOciRepository } from './AddOciRepository'
import { columns } from './columns'

type OciRepository = Schemas['OciRepository']

const ociRepositories = (namespace: string | undefined, view: TableView) =>
  queryOptions({
    queryKey: ['oci-repositories', 'list', namespace, view],
    queryFn: () => answer(client.GET('/api/v1/oci-repositories', { params: { query: { namespace, ...view } } })),
    placeholderData: keepPreviousData,
  })

/** The OCIRepositories: one chart of a registry each. */
export function OciRepositoriesPage() {
  const { namespace, view, query, onView } = useTableView()
  const { action } = useSearch({ from: '/signed-in' })
  const navigate = useNavigate()
  const list = useQuery(ociRepositories(namespace, query))
  const { reason } = useRights(namespace)
  const actions = useActions()
  const adding = (next: boolean) =>
    void navigate({ to: '.', search: (before) => ({ ...before, action: next ? 'add' : undefined }), replace: !next })
  const add = (label: string, shortcut?: boolean) => (
    <GuardedButton
      reason={reason('create', 'oci-repositories')}
      leftSection={<IconPlus size={16} aria-hidden />}
      data-shortcut={shortcut ? 'n' : undefined}
      onClick={() => adding(true)}
    >
      {label}
    </GuardedButton>
  )
  return (
    <HelmTabs active={paths.ociRepositories}>
      <DataTable
        label="OCI repositories"
        columns={columns(namespace)}
        actions={actions}
        rowKey={({ namespace: of, name }) => `${of}/${name}`}
        rowName={({ name }) => name}
        rowNamespace={({ namespace: of }) => of}
        view={view}
        onView={onView}
        page={list.data}
        error={list.error}
        retry={() => void list.refetch()}
        toolbar={add('Add', true)}
        empty={
          <EmptyState
            icon={<IconBox aria-hidden />}
            title={namespace ? `No OCI repositories in ${namespace} yet` : 'No OCI repositories yet'}
            action={add('Add OCI Repository')}
          >
            An OCI repository is one chart of a registry (for example oci://ghcr.io/my-org/charts/web), followed by tag, range or digest.
            For all charts of a registry add a Helm Repository of the type OCI.
          </EmptyState>
        }
      />
      <AddOciRepository opened={action === 'add'} onClose={() => adding(false)} namespace={namespace} />
    </HelmTabs>
  )
}

const at = ({ namespace, name }: OciRepository) => ({ params: { path: { namespace, name } } })

const sync = (row: OciRepository) => answer(client.POST('/api/v1/namespaces/{namespace}/oci-repositories/{name}/sync', at(row)))

const suspend = (row: OciRepository) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/oci-repositories/{name}/suspend', at(row)))

const resume = (row: OciRepository) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/oci-repositories/{name}/resume', at(row)))

/** What can be done with an OCI repository of the table. */
function useActions(): Action<OciRepository>[] {
  const navigate = useNavigate()
  const act = useRowAction<OciRepository>()
  const open = (action?: string) => (row: OciRepository) =>
    void navigate({ to: paths.ociRepository, params: { namespace: row.namespace, name: row.name }, search: { action } })
  return [
    { label: 'View', icon: <IconEye size={16} aria-hidden />, run: open() },
    { label: 'Update', icon: <IconEdit size={16} aria-hidden />, needs: ['patch', 'oci-repositories'], run: open('update') },
    {
      label: 'Sync now',
      icon: <IconRefresh size={16} aria-hidden />,
      needs: ['patch', 'oci-repositories'],
      disabled: ({ suspended }) => (suspended ? 'It is suspended: resume it first.' : undefined),
      run: (row) => act({ row, run: sync, what: 'Sync', done: 'is being synced' }),
    },
    {
      label: 'Suspend',
      icon: <IconPlayerPause size={16} aria-hidden />,
      needs: ['patch', 'oci-repositories'],
      hidden: ({ suspended }) => suspended,
      run: (row) => act({ row, run: suspend, what: 'Suspend', done: 'is suspended' }),
    },
    {
      label: 'Resume',
      icon: <IconPlayerPlay size={16} aria-hidden />,
      needs: ['patch', 'oci-repositories'],
      hidden: ({ suspended }) => !suspended,
      run: (row) => act({ row, run: resume, what: 'Resume', done: 'is synced again' }),
    },
    {
      label: 'Delete',
      icon: <IconTrash size={16} aria-hidden />,
      danger: true,
      needs: ['delete', 'oci-repositories'],
      run: open('delete'),
    },
  ]
}
