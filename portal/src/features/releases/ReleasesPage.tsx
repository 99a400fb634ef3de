import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import {
  IconAnchor,
  IconEdit,
  IconEye,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlus,
  IconRefresh,
  IconTrash,
} from '@tabler/icons-react'
import { useState } from 'react'

import { useRights } from '../../api/rights'
import { paths } from '../../lib/paths'
import { useRowAction } from '../../lib/useRowAction'
import { useTableView } from '../../lib/useTableView'
import { DataTable, type Action } from '../../ui/DataTable'
import { EmptyState } from '../../ui/EmptyState'
import { GuardedButton } from '../../ui/Guarded'
import { HelmTabs } from '../shell/HelmTabs'
import { columns } from './columns'
import { DeleteRelease } from './DeleteRelease'
import { reconcileRelease, releases, resumeRelease, suspendRelease, type Release } from './queries'

/** The releases, with what is wrong with each. */
export function ReleasesPage() {
  const { namespace, view, query, onView } = useTableView()
  const list = useQuery(releases(namespace, query))
  const { reason } = useRights(namespace)
  const [deleting, setDeleting] = useState<Release>()
  const actions = useActions(setDeleting)
  const addReason = reason('create', 'releases')
  return (
    <HelmTabs active={paths.releases}>
      <DataTable
        label="Releases"
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
        toolbar={<AddButton reason={addReason} shortcut />}
        empty={
          <EmptyState
            icon={<IconAnchor aria-hidden />}
            title={namespace ? `No releases in ${namespace} yet` : 'No releases yet'}
            action={
              <>
                <AddButton reason={addReason} label="Add Helm Release" />
                <Button variant="default" renderRoot={(props) => <Link to={paths.repositories} {...props} />}>
                  See the repositories
                </Button>
              </>
            }
          >
            A release is a chart from a repository, deployed with your values and kept as you described it. Register a repository first,
            then add a release of one of its charts.
          </EmptyState>
        }
      />
      <DeleteRelease release={deleting} onClose={() => setDeleting(undefined)} />
    </HelmTabs>
  )
}

function AddButton({ reason, label = 'Add', shortcut }: { reason?: string; label?: string; shortcut?: boolean }) {
  return (
    <GuardedButton
      reason={reason}
      leftSection={<IconPlus size={16} aria-hidden />}
      data-shortcut={shortcut ? 'n' : undefined}
      renderRoot={(props) => <Link to={paths.addRelease} {...props} />}
    >
      {label}
    </GuardedButton>
  )
}

/** What can be done with a release of the table. */
function useActions(remove: (release: Release) => void): Action<Release>[] {
  const navigate = useNavigate()
  const act = useRowAction<Release>()
  return [
    {
      label: 'View',
      icon: <IconEye size={16} aria-hidden />,
      run: ({ namespace, name }) => void navigate({ to: paths.release, params: { namespace, name } }),
    },
    {
      label: 'Update',
      icon: <IconEdit size={16} aria-hidden />,
      needs: ['patch', 'releases'],
      run: ({ namespace, name }) => void navigate({ to: paths.editRelease, params: { namespace, name } }),
    },
    {
      label: 'Reconcile now',
      icon: <IconRefresh size={16} aria-hidden />,
      needs: ['patch', 'releases'],
      disabled: ({ suspended }) => (suspended ? 'It is suspended: resume it first.' : undefined),
      run: (row) => act({ row, run: reconcileRelease, what: 'Reconcile', done: 'is being reconciled' }),
    },
    {
      label: 'Suspend',
      icon: <IconPlayerPause size={16} aria-hidden />,
      needs: ['patch', 'releases'],
      hidden: ({ suspended }) => suspended,
      run: (row) => act({ row, run: suspendRelease, what: 'Suspend', done: 'is suspended' }),
    },
    {
      label: 'Resume',
      icon: <IconPlayerPlay size={16} aria-hidden />,
      needs: ['patch', 'releases'],
      hidden: ({ suspended }) => !suspended,
      run: (row) => act({ row, run: resumeRelease, what: 'Resume', done: 'is reconciled again' }),
    },
    { label: 'Delete', icon: <IconTrash size={16} aria-hidden />, danger: true, needs: ['delete', 'releases'], run: remove },
  ]
}
