import { Button, Collapse, Stack } from '@mantine/core'
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { useId, useState, type ReactNode } from 'react'

type Props = {
  /** Names of the folded fields that are not at their default. */
  set: string[]
  /** Whether a message is at one of them: they unfold then. */
  wrong: boolean
  children: ReactNode
}

/** Fields that most people never need, folded away. */
export function AdvancedFields({ set, wrong, children }: Props) {
  const [opened, setOpened] = useState(false)
  const id = useId()
  const shown = opened || wrong
  const Icon = shown ? IconChevronDown : IconChevronRight
  return (
    <Stack gap="sm">
      <Button
        variant="subtle"
        size="compact-sm"
        style={{ alignSelf: 'flex-start' }}
        leftSection={<Icon size={16} aria-hidden />}
        aria-expanded={shown}
        aria-controls={id}
        onClick={() => setOpened(!shown)}
      >
        Advanced{!shown && set.length > 0 && ` (${set.join(', ')})`}
      </Button>
      <Collapse expanded={shown} id={id}>
        <Stack gap="sm">{children}</Stack>
      </Collapse>
    </Stack>
  )
}
