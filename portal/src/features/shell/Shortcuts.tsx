import { Group, Kbd, Modal, Stack, Switch, Table, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, type ReactNode } from 'react'

import { paths } from '../../lib/paths'
import { preferences } from '../../lib/preferences'
import { keyReader, type Command } from '../../lib/shortcuts'
import { signal } from '../../lib/signal'
import { openPalette, paletteOpen } from './palette/open'

/** Whether the list of shortcuts is shown. */
export const shortcutList = signal(false)

/** Single keys get in the way of speech input, so they can be switched off. */
const enabled = signal(preferences.get('shortcuts') !== 'off')

const places: Record<string, { to: string; label: string }> = {
  r: { to: paths.releases, label: 'Release' },
  h: { to: paths.repositories, label: 'Helm Repository' },
  o: { to: paths.ociRepositories, label: 'OCI Repository' },
  c: { to: paths.charts, label: 'Charts' },
  s: { to: paths.services, label: 'Services' },
}

/** Keys belong to the field, the editor, the dialog or the menu that has the focus. */
function isTaken(target: EventTarget | null): boolean {
  const typing = target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], .cm-editor')
  // Closed lists of choices stay in the document.
  const above = [...document.querySelectorAll('[role="dialog"], [role="menu"], [role="listbox"]')]
  return Boolean(typing) || above.some((element) => element.checkVisibility())
}

const press = (name: string) => {
  const element = document.querySelector<HTMLElement>(`main [data-shortcut="${name}"]`)
  if (!element) return
  element.focus()
  if (name !== '/') element.click()
}

/** Moves the focus to the next or previous row of the table. */
function step(by: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  const at = rows.findIndex((row) => row.contains(document.activeElement))
  const row = at < 0 ? rows[0] : rows[at + by]
  row?.querySelector<HTMLElement>('a[href]')?.focus()
}

function openRowMenu() {
  document.activeElement?.closest('[data-row]')?.querySelector<HTMLElement>('button[aria-haspopup="menu"]')?.click()
}

/** Listens to the keyboard, and shows what it listens to. */
export function Shortcuts() {
  const navigate = useNavigate()
  useEffect(() => {
    const read = keyReader(Object.keys(places))
    const perform = (command: Command) => {
      if (command === 'palette') openPalette()
      else if (command === 'list') shortcutList.set(true)
      else if (command === 'search') press('/')
      else if (command === 'add') press('n')
      else if (command === 'next') step(1)
      else if (command === 'previous') step(-1)
      else if (command === 'menu') openRowMenu()
      else {
        const place = places[command.slice(3)]
        if (place) void navigate({ to: place.to })
      }
    }
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat) return
      const held = event.ctrlKey || event.metaKey
      if (!held && (!enabled.get() || paletteOpen.get() || isTaken(event.target))) return
      const command = read(event)
      if (!command) return
      event.preventDefault()
      perform(command)
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [navigate])
  return <ShortcutList />
}

const rows: [ReactNode, string][] = [
  [<Keys key="palette" keys={['Ctrl', 'K']} or={['⌘', 'K']} />, 'Search for anything, start any action'],
  ...Object.entries(places).map(([key, { label }]): [ReactNode, string] => [<Keys key={key} keys={['g', key]} />, `Go to ${label}`]),
  [<Keys key="/" keys={['/']} />, 'Search in the table'],
  [<Keys key="j" keys={['j']} or={['k']} />, 'Next or previous row'],
  [<Keys key="m" keys={['m']} />, 'Menu of the row'],
  [<Keys key="n" keys={['n']} />, 'Add'],
  [<Keys key="?" keys={['?']} />, 'This list'],
]

function ShortcutList() {
  const opened = shortcutList.use()
  const on = enabled.use()
  const toggle = (next: boolean) => {
    enabled.set(next)
    preferences.set('shortcuts', next ? undefined : 'off')
  }
  return (
    <Modal
      opened={opened}
      onClose={() => shortcutList.set(false)}
      title="Keyboard shortcuts"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Table aria-label="Keyboard shortcuts" verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Keys</Table.Th>
              <Table.Th>What they do</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(([keys, what]) => (
              <Table.Tr key={what}>
                <Table.Td>{keys}</Table.Td>
                <Table.Td>{what}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Switch
          label="Shortcuts of single keys"
          description="They never work while you type in a field."
          checked={on}
          onChange={(event) => toggle(event.currentTarget.checked)}
        />
      </Stack>
    </Modal>
  )
}

function Keys({ keys, or }: { keys: string[]; or?: string[] }) {
  return (
    <Group gap={4} wrap="nowrap">
      {keys.map((key) => (
        <Kbd key={key}>{key}</Kbd>
      ))}
      {or && <Text size="xs">or</Text>}
      {or?.map((key) => (
        <Kbd key={key}>{key}</Kbd>
      ))}
    </Group>
  )
}
