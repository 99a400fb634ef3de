import { ActionIcon, Menu, Text, VisuallyHidden } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useRef, useState } from 'react'

import { useRights } from '../../api/rights'
import type { Action } from '../DataTable'
import classes from './table.module.css'

type Props = {
  row: unknown
  name: string
  namespace: string | undefined
  actions: () => Action<unknown>[]
  onOpen: (open: boolean) => void
}

/** The three dots of a row and what can be done with it. */
export function RowMenu({ row, name, namespace, actions, onOpen }: Props) {
  const [opened, setOpened] = useState(false)
  const dots = useRef<HTMLButtonElement>(null)
  const change = (open: boolean) => {
    setOpened(open)
    onOpen(open)
  }
  return (
    <Menu position="bottom-start" width={230} opened={opened} onChange={change} returnFocus>
      <Menu.Target>
        <ActionIcon ref={dots} variant="subtle" color="gray" className={classes.dots} aria-label={`Actions for ${name}`}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Items row={row} namespace={namespace} actions={actions()} onRun={() => dots.current?.focus()} />
      </Menu.Dropdown>
    </Menu>
  )
}

type ItemsProps = {
  row: unknown
  namespace: string | undefined
  actions: Action<unknown>[]
  /** Called before an action begins: a dialog it opens returns the focus to where it was then. */
  onRun: () => void
}

function Items({ row, namespace, actions, onRun }: ItemsProps) {
  // Asked for only while the menu is open: a page of rows may be of many namespaces.
  const rights = useRights(namespace)
  const shown = actions
    .filter((action) => !action.hidden?.(row))
    .map((action) => ({ action, refused: action.needs && rights.reason(...action.needs), reason: action.disabled?.(row) }))
  const start = (action: Action<unknown>) => {
    onRun()
    action.run(row)
  }
  const refusals = [...new Set(shown.flatMap(({ refused }) => refused ?? []))]
  return (
    <>
      {shown.map(({ action, refused, reason }) => (
        <Item key={action.label} action={action} refused={refused} reason={reason} run={() => start(action)} />
      ))}
      {refusals.length > 0 && (
        <>
          <Menu.Divider />
          {refusals.map((refusal) => (
            <Menu.Label key={refusal} className={classes.refusal}>
              {refusal}
            </Menu.Label>
          ))}
        </>
      )}
    </>
  )
}

type ItemProps = { action: Action<unknown>; refused?: string; reason?: string; run: () => void }

/** What is not possible stays reachable, so that everybody can read why. */
function Item({ action, refused, reason, run }: ItemProps) {
  const off = Boolean(refused ?? reason)
  return (
    <Menu.Item
      leftSection={action.icon}
      color={action.danger && !off ? 'var(--mantine-color-error)' : undefined}
      aria-disabled={off || undefined}
      className={off ? classes.off : undefined}
      closeMenuOnClick={!off}
      onClick={off ? undefined : run}
    >
      {action.label}
      {refused && <VisuallyHidden>: {refused}</VisuallyHidden>}
      {reason && !refused && (
        <Text size="xs" c="dimmed">
          {reason}
        </Text>
      )}
    </Menu.Item>
  )
}
