import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { isForbidden } from '../../api/problem'
import { useRights } from '../../api/rights'
import { ConfirmDialog } from '../../ui/ConfirmDialog'
import { DeletionNote, wantsName } from '../../ui/registry/DependentReleases'
import { deleteOciRepository, dependents, type OciRepository } from './queries'

type Props = { opened: boolean; repository: OciRepository; onClose: () => void; onDeleted: () => void }

/** Asks before an OCI repository is deleted; wants its name typed where releases use it. */
export function DeleteOciRepository({ opened, repository, onClose, onDeleted }: Props) {
  const { namespace, name } = repository
  const queries = useQueryClient()
  const rights = useRights(namespace)
  const uses = useQuery({ ...dependents(namespace, name), enabled: opened })
  const remove = useMutation({
    mutationFn: deleteOciRepository,
    onSuccess: async () => {
      onDeleted()
      notifications.show({ message: `${name} is deleted` })
      await queries.invalidateQueries({ queryKey: ['oci-repositories', 'list'] })
      await queries.invalidateQueries({ queryKey: ['releases'] })
    },
  })
  return (
    <ConfirmDialog
      opened={opened}
      onClose={() => {
        remove.reset()
        onClose()
      }}
      title={`Delete ${name}`}
      action="Delete"
      danger
      typedName={wantsName(uses) ? name : undefined}
      blocked={rights.reason('delete', 'oci-repositories')}
      ready={uses.isSuccess || isForbidden(uses.error)}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate(repository)}
    >
      <DeletionNote data={uses.data} error={uses.error} refetch={() => void uses.refetch()} />
    </ConfirmDialog>
  )
}
