import { Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'

import { ConfirmDialog } from '../../ui/ConfirmDialog'
import { deleteRelease, type Release } from './queries'

type Props = { release: Pick<Release, 'namespace' | 'name' | 'suspended'> | undefined; onClose: () => void; onDeleted?: () => void }

/** Asks before a release is deleted, and says what goes with it. */
export function DeleteRelease({ release, onClose, onDeleted }: Props) {
  const remove = useMutation({
    mutationFn: deleteRelease,
    onSuccess: (_, { name }) => {
      notifications.show({ message: `${name} is being deleted` })
      onClose()
      onDeleted?.()
    },
  })
  const close = () => {
    remove.reset()
    onClose()
  }
  return (
    <ConfirmDialog
      opened={release !== undefined}
      onClose={close}
      title={`Delete ${release?.name ?? ''}`}
      action="Delete"
      danger
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => release && remove.mutate(release as Release)}
    >
      <Text size="sm">
        {release?.suspended
          ? 'It is suspended: what it deployed stays in the cluster, and nothing looks after it any more.'
          : `Everything it deployed is uninstalled. The release ${release?.name ?? ''} cannot be brought back; its chart and its values can be deployed again.`}
      </Text>
    </ConfirmDialog>
  )
}
