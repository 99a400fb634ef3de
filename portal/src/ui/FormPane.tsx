import { Drawer } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import { createContext, use, useEffect, useRef, useState, type ReactNode } from 'react'

import { paths } from '../lib/paths'
import { ConfirmDialog } from './ConfirmDialog'
import classes from './FormPane.module.css'

/** Told by dialogs inside of a pane: Escape and clicks beside are theirs while they are open. */
const InnerDialog = createContext<(opened: boolean) => void>(() => {})

/** A form that slides in from the right. */
export function FormPane({
  opened,
  onClose,
  title,
  children,
}: {
  opened: boolean
  onClose: () => void
  title: string
  children: ReactNode
}) {
  const [inner, setInner] = useState(false)
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      closeOnEscape={!inner}
      closeOnClickOutside={!inner}
      position="right"
      size={560}
      title={title}
      classNames={{ content: classes.content, header: classes.header, title: classes.title, body: classes.body }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      // The page has a banner of its own.
      attributes={{ header: { role: 'presentation' } }}
    >
      <InnerDialog value={setInner}>{children}</InnerDialog>
    </Drawer>
  )
}

/** The buttons of a pane, always in sight. */
export function PaneFooter({ children }: { children: ReactNode }) {
  return <div className={classes.footer}>{children}</div>
}

/** Says that a dialog over the pane is open. */
export function useInnerDialog(opened: boolean) {
  const tell = use(InnerDialog)
  useEffect(() => {
    tell(opened)
    return () => tell(false)
  }, [tell, opened])
}

type Place = { pathname: string; search: object }

/** Whether a navigation closes the pane: another view, or the same one without its form. */
function leaves(current: Place, next: Place): boolean {
  const action = ({ search }: Place) => ('action' in search ? search.action : undefined)
  if (next.pathname === paths.signIn) return false
  return current.pathname !== next.pathname || action(current) !== action(next)
}

/** Asks before typed input is lost, whichever way the form is left. */
export function useUnsaved(dirty: boolean): { release: () => void; dialog: ReactNode } {
  const released = useRef(false)
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && !released.current && leaves(current, next),
    enableBeforeUnload: () => dirty && !released.current,
    withResolver: true,
  })
  const asking = blocker.status === 'blocked'
  useInnerDialog(asking)
  return {
    /** Lets the next navigation pass: what was typed is saved. */
    release: () => {
      released.current = true
    },
    dialog: (
      <ConfirmDialog
        opened={asking}
        onClose={() => blocker.reset?.()}
        title="Discard what you typed?"
        action="Discard"
        cancel="Keep editing"
        danger
        pending={false}
        error={undefined}
        onConfirm={() => blocker.proceed?.()}
      >
        What was typed in this form has not been saved.
      </ConfirmDialog>
    ),
  }
}
