import { Button, Group, List, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { Problem } from '../../ui/Problem'
import { deleteRepository, dependents, type Repository } from './queries'

/** Asks before a repository is deleted; wants its name typed where releases use it. */
export function DeleteRepository({ repository, onClose }: { repository?: Repository; onClose: () => void }) {
  return (
    <Modal
      opened={repository !== undefined}
      onClose={onClose}
      title={`Delete ${repository?.name ?? ''}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {repository && <Question repository={repository} onClose={onClose} />}
    </Modal>
  )
}

function Question({ repository, onClose }: { repository: Repository; onClose: () => void }) {
  const queries = useQueryClient()
  const [typed, setTyped] = useState('')
  const uses = useQuery(dependents(repository.namespace, repository.name))
  const remove = useMutation({
    mutationFn: () => deleteRepository(repository),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['repositories'] })
      onClose()
    },
  })
  const releases = uses.data?.items ?? []
  const confirmed = uses.isSuccess && (releases.length === 0 || typed === repository.name)
  return (
    <Stack>
      {uses.error && <Problem error={uses.error} retry={() => void uses.refetch()} />}
      {releases.length === 0 ? (
        <Text size="sm">{uses.isPending ? 'Looking for releases that use it…' : 'No release uses it.'}</Text>
      ) : (
        <>
          <Text size="sm">These releases stay deployed and stop reconciling until a repository of this name is added again:</Text>
          <List size="sm">
            {releases.map(({ namespace, name }) => (
              <List.Item key={`${namespace}/${name}`}>
                {namespace}/{name}
              </List.Item>
            ))}
          </List>
          <TextInput
            label={`Type ${repository.name} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        </>
      )}
      {remove.error && <Problem error={remove.error} />}
      <Group justify="flex-end">
        <Button variant="outline" onClick={onClose}>
          Cancel
        </Button>
        <Button color="red" disabled={!confirmed} loading={remove.isPending} onClick={() => remove.mutate()}>
          Delete
        </Button>
      </Group>
    </Stack>
  )
}
