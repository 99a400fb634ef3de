import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'

import { isForbidden } from '../../api/problem'
import { useRights } from '../../api/rights'
import { ConfirmDialog } from '../../ui/ConfirmDialog'
import { DeletionNote, wantsName } from '../../ui/registry/DependentReleases'
import { deleteRepository, dependents, type Repository } from './queries'

type Props = {
  /** The repository to ask about; nothing closes the dialog. */
  repository?: Repository
  onClose: () => void
  onDeleted?: () => void
}

/** Asks before a repository is deleted; wants its name typed where releases use it. */
export function DeleteRepository({ repository, onClose, onDeleted }: Props) {
  const queries = useQueryClient()
  // The name stays while the dialog fades.
  const last = useRef(repository)
  if (repository) last.current = repository
  const { namespace = '', name = '' } = last.current ?? {}
  const uses = useQuery({ ...dependents(namespace, name), enabled: repository !== undefined })
  const rights = useRights(namespace || undefined)
  const remove = useMutation({
    mutationFn: deleteRepository,
    onSuccess: async () => {
      onClose()
      onDeleted?.()
      notifications.show({ message: `${name} is deleted` })
      await queries.invalidateQueries({ queryKey: ['repositories', 'list'] })
      await queries.invalidateQueries({ queryKey: ['releases'] })
    },
  })
  const close = () => {
    remove.reset()
    onClose()
  }
  return (
    <ConfirmDialog
      opened={repository !== undefined}
      onClose={close}
      title={`Delete ${name}`}
      action="Delete"
      danger
      typedName={wantsName(uses) ? name : undefined}
      blocked={rights.reason('delete', 'repositories')}
      ready={uses.isSuccess || isForbidden(uses.error)}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => repository && remove.mutate(repository)}
    >
      <DeletionNote data={uses.data} error={uses.error} refetch={() => void uses.refetch()} />
    </ConfirmDialog>
  )
}
