import { Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { ConfirmDialog } from '../../ui/ConfirmDialog'
import { deleteRelease, resources, type Release } from './queries'

type Subject = Pick<Release, 'namespace' | 'name' | 'suspended' | 'deployed'>
type Props = { release: Subject | undefined; onClose: () => void; onDeleted?: () => void }

/** Asks before a release is deleted, and says what goes with it. */
export function DeleteRelease({ release, onClose, onDeleted }: Props) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: deleteRelease,
    onSuccess: (_, { name }) => {
      notifications.show({ message: `${name} is being deleted` })
      void queries.invalidateQueries({ queryKey: ['releases'] })
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
      typedName={release?.name}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => release && remove.mutate(release)}
    >
      {release && <Consequences release={release} />}
    </ConfirmDialog>
  )
}

/** Kinds whose data is lost with them. */
const DATA = ['PersistentVolumeClaim', 'StatefulSet']

function Consequences({ release }: { release: Subject }) {
  const { namespace, name, suspended, deployed } = release
  const tree = useQuery({ ...resources(namespace, name), enabled: !suspended && Boolean(deployed) })
  if (suspended) {
    return <Text size="sm">It is suspended: what it deployed stays in the cluster, and nothing looks after it any more.</Text>
  }
  if (!deployed) return <Text size="sm">Nothing of it is deployed. Its chart and its values can be deployed again.</Text>
  const kinds = new Map<string, number>()
  for (const { kind } of tree.data?.items ?? []) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  const list = [...kinds].sort().map(([kind, count]) => `${count} ${kind}`)
  return (
    <Stack gap="xs">
      <Text size="sm">
        Everything it deployed is uninstalled{list.length > 0 ? `: ${list.join(', ')}.` : '.'} The release {name} cannot be brought back; its
        chart and its values can be deployed again.
      </Text>
      {DATA.some((kind) => kinds.has(kind)) && (
        <Text size="sm">Volumes may hold data: see whether it is needed still. The claims that a StatefulSet made usually stay.</Text>
      )}
      <Text size="sm">To stop reconciling it and keep what runs, suspend it instead.</Text>
    </Stack>
  )
}
