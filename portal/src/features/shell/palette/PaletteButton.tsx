import { ActionIcon, Kbd, UnstyledButton } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { lazy, Suspense } from 'react'

import { signal } from '../../../lib/signal'
import classes from '../shell.module.css'

/** Whether the palette is open. */
export const paletteOpen = signal(false)

export const openPalette = () => paletteOpen.set(true)

const CommandPalette = lazy(() => import('./CommandPalette').then((module) => ({ default: module.CommandPalette })))

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** Opens the command palette; its code is loaded with its first use. */
export function PaletteButton() {
  const open = paletteOpen.use()
  return (
    <>
      <UnstyledButton className={classes.palette} visibleFrom="md" onClick={openPalette} aria-keyshortcuts="Control+K Meta+K">
        <IconSearch size={14} aria-hidden />
        Search or start an action
        <Kbd size="xs" aria-hidden>
          {isMac ? '⌘ K' : 'Ctrl K'}
        </Kbd>
      </UnstyledButton>
      <ActionIcon
        hiddenFrom="md"
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Search or start an action"
        onClick={openPalette}
      >
        <IconSearch size={18} aria-hidden />
      </ActionIcon>
      {open && (
        <Suspense>
          <CommandPalette />
        </Suspense>
      )}
    </>
  )
}
