import { Loader, Modal, Text, TextInput, VisuallyHidden } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'

import type { Entry, Mode } from './entries'
import classes from './palette.module.css'
import { paletteOpen } from './open'
import { useGroups } from './useGroups'

const prompts: Record<Mode, string> = {
  all: 'Search for a release, repository or chart, or start an action',
  sync: 'Sync which repository?',
  reconcile: 'Reconcile which release?',
  namespace: 'Switch to which namespace?',
}

const DEBOUNCE_MS = 180

/** Jumps to any object and starts any action: a search field that controls the list below it. */
export function CommandPalette() {
  // Opened after it was drawn: only then does the dialog know where the focus has to return to.
  const [opened, setOpened] = useState(false)
  useEffect(() => setOpened(true), [])
  const chosen = useRef<Entry>(undefined)
  const close = (entry?: Entry) => {
    chosen.current = entry
    setOpened(false)
  }
  const closed = () => {
    paletteOpen.set(false)
    // Only now, so that the focus that returns from here does not leave the new page again.
    void chosen.current?.run?.()
  }
  return (
    <Modal.Root
      opened={opened}
      onClose={() => close()}
      onExitTransitionEnd={closed}
      size={620}
      yOffset={72}
      transitionProps={{ duration: 80 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label="Search or start an action">
        <Modal.Body p={0}>
          <Palette onClose={close} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

function Palette({ onClose }: { onClose: (chosen: Entry) => void }) {
  const [mode, setMode] = useState<Mode>('all')
  const [text, setText] = useState('')
  const [search] = useDebouncedValue(text.trim(), DEBOUNCE_MS)
  const { groups, pending, error } = useGroups(mode, text.trim() === '' ? '' : search)
  const entries = groups.flatMap((group) => group.entries)
  const [chosen, setChosen] = useState<string>()
  // Enter came before what was typed was searched for.
  const [waiting, setWaiting] = useState(false)
  const at = Math.max(0, entries.findIndex(({ id }) => id === chosen))
  const active = entries[at]
  const list = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLInputElement>(null)
  // The dialog moves the focus only after a while; until then what is typed would be lost.
  useLayoutEffect(() => field.current?.focus({ preventScroll: true }), [])
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active?.id])

  const enter = (next: Mode) => {
    setMode(next)
    setText('')
    setChosen(undefined)
  }
  const choose = (entry: Entry | undefined) => {
    if (!entry || entry.refused) return
    if (entry.mode) return enter(entry.mode)
    onClose(entry)
  }
  const settled = text.trim() === search && !pending
  useEffect(() => {
    if (!waiting || !settled) return
    setWaiting(false)
    choose(active)
  })
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 5, PageUp: at - 5 }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      setWaiting(false)
      const wrapped = Math.abs(to - at) === 1 ? (to + entries.length) % entries.length : Math.min(Math.max(to, 0), entries.length - 1)
      setChosen(entries[wrapped]?.id)
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault()
      // What was chosen with the arrows is meant, whatever else is still being found.
      if (settled || (chosen !== undefined && active?.id === chosen)) choose(active)
      else setWaiting(true)
    } else if (event.key === 'Backspace' && text === '' && mode !== 'all') enter('all')
  }
  return (
    <>
      <TextInput
        ref={field}
        data-autofocus
        size="md"
        variant="unstyled"
        classNames={{ root: classes.field, input: classes.input }}
        role="combobox"
        aria-label={prompts[mode]}
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={active && optionId(active)}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        placeholder={prompts[mode]}
        leftSection={<IconSearch size={18} aria-hidden />}
        rightSection={!settled && <Loader size={16} aria-hidden />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setChosen(undefined)
          setWaiting(false)
        }}
        onKeyDown={onKeyDown}
      />
      <div ref={list} id="palette-list" role="listbox" aria-label="Results" className={classes.list} tabIndex={-1}>
        {groups.map((group) => (
          <div key={group.label} role="group" aria-label={group.label}>
            <div className={classes.group} aria-hidden>
              {group.label}
            </div>
            {group.entries.map((entry) => (
              <Option
                key={entry.id}
                entry={entry}
                selected={entry.id === active?.id}
                onPoint={() => setChosen(entry.id)}
                onChoose={() => choose(entry)}
              />
            ))}
          </div>
        ))}
      </div>
      {entries.length === 0 && (
        <Text size="sm" c="dimmed" ta="center" p="lg">
          {error ? `The search failed: ${(error as Error).message}` : settled ? `Nothing found for “${text.trim()}”` : 'Searching…'}
        </Text>
      )}
      <VisuallyHidden role="status">{settled ? `${entries.length} results` : ''}</VisuallyHidden>
      <div className={classes.foot} aria-hidden>
        <span>↑↓ choose</span>
        <span>Enter open</span>
        {mode !== 'all' && <span>Backspace back</span>}
        <span>Esc close</span>
      </div>
    </>
  )
}

const optionId = ({ id }: Entry) => `palette-${id.replaceAll(/[^\w-]/g, '_')}`

type OptionProps = { entry: Entry; selected: boolean; onPoint: () => void; onChoose: () => void }

function Option({ entry, selected, onPoint, onChoose }: OptionProps) {
  const Icon = entry.icon
  const detail = entry.refused ?? entry.description
  return (
    <div
      id={optionId(entry)}
      role="option"
      aria-selected={selected}
      aria-disabled={entry.refused ? true : undefined}
      className={classes.option}
      // The field keeps the focus.
      onMouseDown={(event) => event.preventDefault()}
      onMouseMove={selected ? undefined : onPoint}
      onClick={onChoose}
    >
      <Icon size={18} aria-hidden />
      <span className={classes.label}>{entry.label}</span>
      {detail && <span className={classes.detail}>{detail}</span>}
    </div>
  )
}
