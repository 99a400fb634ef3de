import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'

import { Problem } from './Problem'

type Props = {
  opened: boolean
  onClose: () => void
  title: string
  /** What will happen, in words. */
  children: ReactNode
  /** The verb on the button, for example `Delete`. */
  action: string
  /** The word for the way back. Default `Cancel`. */
  cancel?: string
  danger?: boolean
  /** The name to be typed before the button works. */
  typedName?: string
  /** Why the button is not offered to this person. */
  blocked?: string
  /** Whether what the dialog asks for is there. Default: yes. */
  ready?: boolean
  pending: boolean
  error: unknown
  onConfirm: () => void
}

/** Asks before something happens that cannot simply be undone. */
export function ConfirmDialog(props: Props) {
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={props.title}
      closeButtonProps={{ 'aria-label': 'Close' }}
      // The page has a banner of its own.
      attributes={{ header: { role: 'presentation' } }}
    >
      <Question {...props} />
    </Modal>
  )
}

/** Mounted with the dialog, so that nothing typed survives it. */
function Question({ onClose, children, action, cancel = 'Cancel', danger, typedName, blocked, ready = true, pending, error, onConfirm }: Props) {
  const [typed, setTyped] = useState('')
  const confirmed = ready && !blocked && (typedName === undefined || typed.trim() === typedName)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        // A dialog of a form is inside of it for React, wherever it is on the page.
        event.stopPropagation()
        if (confirmed && !pending) onConfirm()
      }}
    >
      <Stack>
        <div>{children}</div>
        {typedName !== undefined && (
          <TextInput
            label={`Type ${typedName} to confirm`}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        {error !== null && error !== undefined && <Problem error={error} />}
        {blocked && (
          <Text size="sm" c="dimmed">
            {blocked}
          </Text>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="outline" onClick={onClose} data-autofocus={typedName === undefined || undefined}>
            {cancel}
          </Button>
          <Button
            type="submit"
            color={danger ? 'red.9' : undefined}
            disabled={!confirmed}
            loading={pending}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
