import { useBlocker } from '@tanstack/react-router'
import { useRef } from 'react'

import { ConfirmDialog } from '../../../ui/ConfirmDialog'

/** Asks before a page with unsaved input is left, by a link or by closing it. `release` lets the next one pass. */
export function useLeaveGuard(unsaved: boolean) {
  const passing = useRef(false)
  const blocker = useBlocker({
    // A change of the address that stays on the page, such as another namespace, loses nothing.
    shouldBlockFn: ({ current, next }) => unsaved && !passing.current && current.pathname !== next.pathname,
    enableBeforeUnload: () => unsaved && !passing.current,
    withResolver: true,
  })
  const dialog = (
    <ConfirmDialog
      opened={blocker.status === 'blocked'}
      onClose={() => blocker.reset?.()}
      title="Leave without saving?"
      action="Leave"
      cancel="Keep editing"
      danger
      pending={false}
      error={undefined}
      onConfirm={() => blocker.proceed?.()}
    >
      What you entered is lost.
    </ConfirmDialog>
  )
  return {
    dialog,
    release: () => {
      passing.current = true
    },
  }
}
