import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useDeferredValue, useMemo, useState } from 'react'

import { describedBy } from '../../lib/schemaTree'
import { indexValues, searchSettings, type Setting } from '../../lib/valuesIndex'
import { visible } from '../../lib/visible'
import { Nothing } from './Nothing'
import classes from './Values.module.css'

const FIRST = 100

/** Every setting of a chart with its default and what it is for; found by any word of them. */
export function Settings({ values, schema }: { values: string; schema: unknown }) {
  const index = useMemo(() => withSchema(indexValues(values), schema), [values, schema])
  const [question, setQuestion] = useState('')
  const asked = useDeferredValue(question)
  const found = useMemo(() => searchSettings(index.settings, asked), [index, asked])
  const [all, setAll] = useState(false)
  const shown = all ? found : found.slice(0, FIRST)
  if (index.settings.length === 0 && !index.error) return <Nothing>This chart has no settings.</Nothing>
  return (
    <Stack gap="sm">
      {index.error && (
        <Alert color="orange" title={`values.yaml cannot be read, line ${index.error.line}`}>
          {visible(index.error.message)}. Settings after that line may be missing.
        </Alert>
      )}
      <Group gap="sm">
        <TextInput
          type="search"
          aria-label="Search settings"
          placeholder="Key, default or comment"
          leftSection={<IconSearch size={16} aria-hidden />}
          style={{ flex: '1 1 260px', maxWidth: 420 }}
          value={question}
          onChange={(event) => setQuestion(event.currentTarget.value)}
        />
        <Text size="sm" c="dimmed" aria-live="polite">
          {found.length === index.settings.length ? `${found.length} settings` : `${found.length} of ${index.settings.length} settings`}
        </Text>
      </Group>
      {found.length === 0 && <Nothing>No setting matches “{asked}”.</Nothing>}
      {shown.length > 0 && (
        <ul className={classes.list} aria-label="Settings">
          {shown.map((setting, place) => (
            <Row key={`${place} ${setting.path}`} setting={setting} />
          ))}
        </ul>
      )}
      {found.length > shown.length && (
        <Button size="xs" variant="default" style={{ alignSelf: 'flex-start' }} onClick={() => setAll(true)}>
          Show all {found.length} settings
        </Button>
      )}
      {!index.complete && <Text size="sm">There are more settings than are listed here: see values.yaml.</Text>}
    </Stack>
  )
}

/** Where the comments say nothing, the schema may. */
function withSchema(index: ReturnType<typeof indexValues>, schema: unknown) {
  const settings = index.settings.map((setting) => ({
    ...setting,
    comment: setting.comment || (describedBy(schema, setting.keys) ?? ''),
  }))
  return { ...index, settings }
}

function Row({ setting }: { setting: Setting }) {
  return (
    <li className={classes.item}>
      <span className={classes.path}>{visible(setting.path)}</span>
      {setting.default === undefined ? <span /> : <pre className={classes.default}>{visible(setting.default)}</pre>}
      {setting.comment && (
        <Text component="span" size="sm" c="dimmed" className={classes.comment}>
          {visible(setting.comment)}
        </Text>
      )}
    </li>
  )
}
