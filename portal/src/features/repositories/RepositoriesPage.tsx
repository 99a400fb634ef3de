import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import {
  IconEdit,
  IconEye,
  IconPackages,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlus,
  IconRefresh,
  IconTrash,
} from '@tabler/icons-react'

import { answer, client } from '../../api/client'
import { useRights } from '../../api/rights'
import { paths } from '../../lib/paths'
import { useRowAction } from '../../lib/useRowAction'
import { useTableView } from '../../lib/useTableView'
import { DataTable, type Action } from '../../ui/DataTable'
import { EmptyState } from '../../ui/EmptyState'
import { GuardedButton } from '../../ui/Guarded'
import { HelmTabs } from '../shell/HelmTabs'
import { AddRepository } from './AddRepository'
import { columns } from './columns'
import { repositories, syncRepository, type Repository } from './queries'

/** The repositories, with what the last sync of each found. */
export function RepositoriesPage() {
  const { namespace, view, query, onView } = useTableView()
  const { action } = useSearch({ from: '/signed-in' })
  const navigate = useNavigate()
  const list = useQuery(repositories(namespace, query))
  const { reason } = useRights(namespace)
  const actions = useActions()
  const adding = (next: boolean) =>
    void navigate({ to: '.', search: (before) => ({ ...before, action: next ? 'add' : undefined }), replace: !next })
  const add = (label: string, shortcut?: boolean) => (
    <GuardedButton
      reason={reason('create', 'repositories')}
      leftSection={<IconPlus size={16} aria-hidden />}
      data-shortcut={shortcut ? 'n' : undefined}
      onClick={() => adding(true)}
    >
      {label}
    </GuardedButton>
  )
  return (
    <HelmTabs active={paths.repositories}>
      <DataTable
        label="Helm repositories"
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
            icon={<IconPackages aria-hidden />}
            title={namespace ? `No Helm repositories in ${namespace} yet` : 'No Helm repositories yet'}
            action={add('Add Helm Repository')}
          >
            Register a container registry (for example oci://ghcr.io/my-org/charts) or an HTTP chart repository. Its charts appear here
            and are refreshed every interval.
          </EmptyState>
        }
      />
      <AddRepository opened={action === 'add'} onClose={() => adding(false)} namespace={namespace} />
    </HelmTabs>
  )
}

const at = ({ namespace, name }: Repository) => ({ params: { path: { namespace, name } } })

const suspend = (row: Repository) => answer(client.POST('/api/v1/namespaces/{namespace}/repositories/{name}/suspend', at(row)))

const resume = (row: Repository) => answer(client.POST('/api/v1/namespaces/{namespace}/repositories/{name}/resume', at(row)))

/** What can be done with a repository of the table. */
function useActions(): Action<Repository>[] {
  const navigate = useNavigate()
  const act = useRowAction<Repository>()
  const open = (action?: string) => (row: Repository) =>
    void navigate({ to: paths.repository, params: { namespace: row.namespace, name: row.name }, search: { action } })
  return [
    { label: 'View', icon: <IconEye size={16} aria-hidden />, run: open() },
    { label: 'Update', icon: <IconEdit size={16} aria-hidden />, needs: ['patch', 'repositories'], run: open('update') },
    {
      label: 'Sync now',
      icon: <IconRefresh size={16} aria-hidden />,
      needs: ['patch', 'repositories'],
      disabled: ({ suspended }) => (suspended ? 'It is suspended: resume it first.' : undefined),
      run: (row) => act({ row, run: syncRepository, what: 'Sync', done: 'is being synced' }),
    },
    {
      label: 'Suspend',
      icon: <IconPlayerPause size={16} aria-hidden />,
      needs: ['patch', 'repositories'],
      hidden: ({ suspended }) => suspended,
      run: (row) => act({ row, run: suspend, what: 'Suspend', done: 'is suspended' }),
    },
    {
      label: 'Resume',
      icon: <IconPlayerPlay size={16} aria-hidden />,
      needs: ['patch', 'repositories'],
      hidden: ({ suspended }) => !suspended,
      run: (row) => act({ row, run: resume, what: 'Resume', done: 'is synced again' }),
    },
    {
      label: 'Delete',
      icon: <IconTrash size={16} aria-hidden />,
      danger: true,
      needs: ['delete', 'repositories'],
      run: open('delete'),
    },
  ]
}
