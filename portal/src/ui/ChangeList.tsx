import { Badge, Button, Group, Stack, Text, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useId, useState } from 'react'

import type { Schemas } from '../api/client'
import { visible } from '../lib/visible'
import classes from './ChangeList.module.css'
import { DiffView } from './DiffView'

type Change = Schemas['ItemChange']

const colours: Record<string, string> = { added: 'green.9', removed: 'red.9', changed: 'blue.9' }

/** Objects or files that change; each unfolds to its difference. */
export function ChangeList({ items }: { items: Change[] }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(items.length === 1 ? [keyOf(items[0]!)] : []))
  const toggle = (key: string) =>
    setOpen((before) => {
      const next = new Set(before)
      if (!next.delete(key)) next.add(key)
      return next
    })
  if (items.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Nothing changes.
      </Text>
    )
  }
  const allOpen = items.every((item) => open.has(keyOf(item)))
  return (
    <Stack gap="xs">
      {items.length > 1 && (
        <Group justify="flex-end">
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => setOpen(new Set(allOpen ? [] : items.map(keyOf)))}
          >
            {allOpen ? 'Fold all' : 'Unfold all'}
          </Button>
        </Group>
      )}
      <ul className={classes.list}>
        {items.map((item) => (
          <Item key={keyOf(item)} item={item} open={open.has(keyOf(item))} onToggle={() => toggle(keyOf(item))} />
        ))}
      </ul>
    </Stack>
  )
}

const keyOf = ({ change, item }: Change) => `${change} ${item}`

function Item({ item, open, onToggle }: { item: Change; open: boolean; onToggle: () => void }) {
  const body = useId()
  return (
    <li className={classes.item}>
      <UnstyledButton className={classes.head} aria-expanded={open} aria-controls={open ? body : undefined} onClick={onToggle}>
        <IconChevronRight size={16} className={classes.arrow} aria-hidden />
        <Badge color={colours[item.change] ?? 'gray.7'} size="sm" w={76} style={{ flex: 'none' }}>
          {item.change}
        </Badge>
        <Text component="span" size="sm" className={classes.name}>
          {visible(item.item)}
        </Text>
        <span className={classes.counts}>
          <span className={classes.plus} aria-hidden>
            +{item.added}
          </span>{' '}
          <span className={classes.minus} aria-hidden>
            −{item.removed}
          </span>
          <VisuallyHidden>
            {item.added} lines added, {item.removed} removed
          </VisuallyHidden>
        </span>
      </UnstyledButton>
      {open && (
        <div id={body} className={classes.body}>
          <DiffView unified={item.unified} label={`Difference of ${visible(item.item)}`} />
        </div>
      )}
    </li>
  )
}
