import { Stack, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'

import { ProblemError } from '../../api/problem'
import { nameProblem } from '../../lib/checks'
import { sentence } from '../../lib/fields'
import { paths } from '../../lib/paths'
import { ConfirmDialog } from '../../ui/ConfirmDialog'
import { renameRepository, type Repository } from './queries'
import { RenameNote } from './RenameNote'

type Props = { opened: boolean; onClose: () => void; repository: Repository; blocked: string | undefined }

/** Gives a repository another name; its releases follow. */
export function RenameRepository({ opened, onClose, repository, blocked }: Props) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { namespace, name } = repository
  const [typed, setTyped] = useState(name)
  const newName = typed.trim()
  const rename = useMutation({
    mutationFn: () => renameRepository(namespace, name, newName),
    onSuccess: async () => {
      await navigate({ to: paths.repository, params: { namespace, name: newName }, search: { namespace }, replace: true })
      await queries.invalidateQueries({ queryKey: ['repositories'] })
      await queries.invalidateQueries({ queryKey: ['releases'] })
      notifications.show({ message: `${name} is now ${newName}` })
    },
  })
  const close = () => {
    setTyped(name)
    rename.reset()
    onClose()
  }
  const atField = rename.error instanceof ProblemError ? rename.error.fields.newName : undefined
  const wrong = newName === name ? undefined : nameProblem(newName)
  return (
    <ConfirmDialog
      opened={opened}
      onClose={close}
      title={`Rename ${name}`}
      action="Rename"
      blocked={blocked}
      ready={newName !== name && wrong === undefined}
      pending={rename.isPending}
      error={atField ? undefined : rename.error}
      onConfirm={() => rename.mutate()}
    >
      <Stack gap="sm">
        <TextInput
          label="New name"
          required
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          value={typed}
          onChange={(event) => {
            rename.reset()
            setTyped(event.currentTarget.value)
          }}
          error={wrong ?? (atField && sentence(atField))}
        />
        <RenameNote repository={repository} newName={newName === name ? '' : newName} />
      </Stack>
    </ConfirmDialog>
  )
}
