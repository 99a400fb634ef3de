import { ActionIcon, Kbd, UnstyledButton } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'

import classes from '../shell.module.css'
import { CommandPalette } from './CommandPalette'
import { openPalette, paletteOpen } from './open'

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** Opens the command palette. Its code is at hand: what is typed at once must not be lost. */
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
      {open && <CommandPalette />}
    </>
  )
}
