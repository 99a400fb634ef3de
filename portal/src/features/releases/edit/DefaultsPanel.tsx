import { ActionIcon, Code, Group, SegmentedControl, Stack, Text, TextInput, Tooltip } from '@mantine/core'
import { IconArrowLeft, IconCheck, IconSearch } from '@tabler/icons-react'
import { useMemo, useState } from 'react'

import { valueAt } from '../../../lib/yamlEdit'
import { visible } from '../../../lib/visible'
import { CodeEditor } from '../../../ui/CodeEditor'
import { defaultsOf, type Default } from '../defaults'
import classes from './DefaultsPanel.module.css'

/** Most keys shown before a search is needed. */
const MAX_SHOWN = 200

type Props = {
  /** The chart's `values.yaml`. */
  text: string
  /** What is typed already. */
  values: string
  onCopy: (key: Default) => void
}

/** The chart's default values, to be searched and taken over key by key. */
export function DefaultsPanel({ text, values, onCopy }: Props) {
  const [view, setView] = useState('keys')
  const [search, setSearch] = useState('')
  const defaults = useMemo(() => defaultsOf(text), [text])
  const found = useMemo(() => matching(defaults, search), [defaults, search])
  return (
    <Stack gap="xs" miw={0}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          Defaults of the chart
        </Text>
        <SegmentedControl
          size="xs"
          aria-label="How the defaults are shown"
          data={[
            { value: 'keys', label: 'Keys' },
            { value: 'file', label: 'File' },
          ]}
          value={view}
          onChange={setView}
        />
      </Group>
      {view === 'file' ? (
        <CodeEditor label="values.yaml of the chart" value={text} readOnly language="yaml" minHeight={280} maxHeight={440} />
      ) : (
        <>
          <TextInput
            size="xs"
            type="search"
            aria-label="Search the defaults"
            placeholder="Search keys, values and comments"
            leftSection={<IconSearch size={14} aria-hidden />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Text size="xs" c="dimmed" aria-live="polite">
            {found.length === defaults.length ? `${defaults.length} keys` : `${found.length} of ${defaults.length} keys`}
            {found.length > MAX_SHOWN && `, the first ${MAX_SHOWN} are shown`}
          </Text>
          <ul className={classes.list} tabIndex={0} aria-label="Default values">
            {found.slice(0, MAX_SHOWN).map((one) => (
              <Row key={one.path.join('\0')} one={one} values={values} onCopy={onCopy} />
            ))}
          </ul>
        </>
      )}
    </Stack>
  )
}

function matching(defaults: Default[], search: string): Default[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return defaults
  return defaults.filter(({ path, text, comment }) => {
    const all = `${path.join('.')} ${text} ${comment}`.toLowerCase()
    return words.every((word) => all.includes(word))
  })
}

function Row({ one, values, onCopy }: { one: Default; values: string; onCopy: (one: Default) => void }) {
  const name = one.path.join('.')
  const taken = useMemo(() => valueAt(values, one.path) !== undefined, [values, one.path])
  return (
    <li className={classes.row}>
      <Tooltip label={taken ? 'It is in the values already' : 'Copy this key into the values'}>
        <ActionIcon
          variant="default"
          size="sm"
          aria-label={taken ? `${name} is in the values already` : `Copy ${name} into the values`}
          aria-disabled={taken}
          data-disabled={taken || undefined}
          onClick={() => {
            if (!taken) onCopy(one)
          }}
        >
          {taken ? <IconCheck size={14} aria-hidden /> : <IconArrowLeft size={14} aria-hidden />}
        </ActionIcon>
      </Tooltip>
      <div className={classes.key}>
        <Code className={classes.path}>{name}</Code>
        {/* A list begins on its own line. */}
        <span className={classes.value}>{one.text.length > 300 ? `${one.text.slice(0, 300)}…` : one.text}</span>
        {one.comment && (
          <Text size="xs" c="dimmed" lineClamp={4} className={classes.comment}>
            {visible(one.comment)}
          </Text>
        )}
      </div>
    </li>
  )
}
