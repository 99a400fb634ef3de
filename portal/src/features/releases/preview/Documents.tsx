import { Group, Stack, Text, TextInput, UnstyledButton } from '@mantine/core'
import { IconChevronRight, IconSearch } from '@tabler/icons-react'
import { useId, useState } from 'react'

import type { Schemas } from '../../../api/client'
import { visible } from '../../../lib/visible'
import { CodeEditor } from '../../../ui/CodeEditor'
import classes from './Documents.module.css'

type Document = Schemas['Document']

/** Documents to search before a list can be overlooked. */
const SEARCH_FROM = 8

const titleOf = ({ kind, name, namespace }: Document) => visible(`${kind} ${namespace ? `${namespace}/` : ''}${name}`.trim())

/** Rendered documents; each unfolds to its text. */
export function Documents({ documents, none }: { documents: Document[]; none: string }) {
  const [search, setSearch] = useState('')
  const [open, setOpen] = useState<ReadonlySet<number>>(() => new Set(documents.length === 1 ? [0] : []))
  if (documents.length === 0) return <Text size="sm">{none}</Text>
  const text = search.toLowerCase()
  const found = documents
    .map((document, index) => ({ document, index }))
    .filter(({ document }) => `${titleOf(document)} ${document.path}`.toLowerCase().includes(text))
  return (
    <Stack gap="xs">
      {documents.length >= SEARCH_FROM && (
        <TextInput
          size="xs"
          type="search"
          aria-label="Search the documents"
          placeholder="Kind, name or template"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ul className={classes.list}>
        {found.map(({ document, index }) => (
          <Row
            key={index}
            document={document}
            open={open.has(index)}
            onToggle={() =>
              setOpen((before) => {
                const next = new Set(before)
                if (!next.delete(index)) next.add(index)
                return next
              })
            }
          />
        ))}
      </ul>
      {found.length === 0 && <Text size="sm">No document matches “{search}”.</Text>}
    </Stack>
  )
}

function Row({ document, open, onToggle }: { document: Document; open: boolean; onToggle: () => void }) {
  const body = useId()
  return (
    <li className={classes.item}>
      <UnstyledButton className={classes.head} aria-expanded={open} aria-controls={open ? body : undefined} onClick={onToggle}>
        <IconChevronRight size={16} className={classes.arrow} aria-hidden />
        <Group gap={4} justify="space-between" style={{ flex: 1, minWidth: 0 }}>
          <Text component="span" size="sm" fw={500} className={classes.name}>
            {titleOf(document)}
          </Text>
          <Text component="span" size="xs" c="dimmed" className={classes.name}>
            {visible(document.path)}
          </Text>
        </Group>
      </UnstyledButton>
      {open && (
        <div id={body} className={classes.body}>
          <CodeEditor label={titleOf(document)} value={document.content} readOnly language="yaml" minHeight={40} maxHeight={420} />
        </div>
      )}
    </li>
  )
}
