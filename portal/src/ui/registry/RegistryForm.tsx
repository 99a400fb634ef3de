import { Alert, Button, Group, List, SegmentedControl, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'

import type { Schemas } from '../../api/client'
import { ProblemError } from '../../api/problem'
import { useRights, type Rights } from '../../api/rights'
import { placed } from '../../lib/fields'
import { same } from '../../lib/manifest'
import { useFields, type Fields } from '../../lib/useFields'
import { parseYaml, toYaml } from '../../lib/yaml'
import { CodeEditor } from '../CodeEditor'
import { PaneFooter, useUnsaved } from '../FormPane'
import { GuardedButton } from '../Guarded'
import { Problem } from '../Problem'
import { ConnectionResult, failureAtField } from './ConnectionResult'
import { InsecureWarning } from './InsecureField'

type Read<F> = { form: F } | { problem: string }

type Held = { insecure: boolean; namespace: string }

type Props<F extends Held> = {
  initial: F
  check: (form: F) => Record<string, string>
  /** The paths of the fields that can show a message now. */
  shown: (form: F, path: string) => boolean
  fields: (form: Fields<F>) => ReactNode
  toManifest: (form: F) => Record<string, unknown>
  fromManifest: (value: unknown, before: F) => Read<F>
  test: (form: F) => Promise<Schemas['ConnectionReport']>
  save: (form: F, before: F) => Promise<void>
  /** What to show for a refusal of `save` that is not about a field. */
  explain?: (error: unknown, form: Fields<F>, done: () => void) => ReactNode
  /** The verb on the button: `Create`, `Save`. */
  action: string
  /** The right that saving needs. */
  right: [Parameters<Rights['reason']>[0], Parameters<Rights['reason']>[1]]
  onClose: () => void
  /** Where saving leads; default: the form is closed. */
  onSaved?: (form: F) => void
}

type View = 'form' | 'yaml'

/** A form for a source of charts, and its YAML, as two views of one object; with a test of the connection. */
export function RegistryForm<F extends Held>(props: Props<F>) {
  const form = useFields(props.initial, props.check)
  const { values } = form
  const element = useRef<HTMLFormElement>(null)
  const result = useRef<HTMLDivElement>(null)
  const outcome = useRef<HTMLDivElement>(null)
  const [view, setView] = useState<View>('form')
  const yaml = useYaml(form, props)
  const [tested, setTested] = useState<F>()
  useEffect(() => {
    // A form that was loaded comes after the pane took the focus.
    if (!element.current?.contains(document.activeElement)) {
      element.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus()
    }
  }, [])
  const unsaved = useUnsaved(form.dirty || yaml.problem !== undefined)
  const plain = usePlainHttp(values.insecure && yaml.insecure)
  const rights = useRights(values.namespace || undefined)
  const blocked = values.namespace ? rights.reason(...props.right) : undefined

  const showErrors = (errors: Record<string, string>) => {
    form.setErrors(errors)
    // Folded fields unfold first.
    window.setTimeout(() => element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(), 60)
  }
  const refused = (error: unknown) => {
    const errors = error instanceof ProblemError ? (error.problem.errors ?? []) : []
    const { fields } = placed(errors, (path) => props.shown(values, path))
    if (Object.keys(fields).length > 0) showErrors(fields)
    else window.setTimeout(() => outcome.current?.scrollIntoView({ block: 'nearest' }), 60)
  }
  const test = useMutation({
    mutationFn: () => props.test(values),
    onError: refused,
    onSuccess: (report) => {
      setTested(values)
      if (report.success || !report.field) {
        window.setTimeout(() => result.current?.scrollIntoView({ block: 'nearest' }), 60)
        return
      }
      const { fields } = placed([{ field: report.field, message: failureAtField(report) }], (path) => props.shown(values, path))
      showErrors(fields)
    },
  })
  const save = useMutation({
    mutationFn: () => props.save(values, form.base),
    onError: refused,
    onSuccess: () => {
      unsaved.release()
      if (props.onSaved) props.onSaved(values)
      else props.onClose()
    },
  })
  const attempt = (run: () => void, ignored: string[] = []) => {
    if (yaml.problem) return
    const found = Object.fromEntries(Object.entries(props.check(values)).filter(([path]) => !ignored.includes(path)))
    if (Object.keys(found).length > 0) return showErrors(found)
    form.setErrors({})
    plain.ask(run)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!blocked && !save.isPending) attempt(() => save.mutate())
  }

  return (
    <form ref={element} onSubmit={submit} noValidate>
      <Stack gap="md" style={{ flex: 1 }}>
        {blocked && <Alert color="gray">{blocked}</Alert>}
        <Group justify="flex-end">
          <SegmentedControl
            size="xs"
            aria-label="View of the object"
            value={view}
            // What the form cannot hold would be lost on the way back to it.
            disabled={yaml.problem !== undefined}
            data={[
              { value: 'form', label: 'Form' },
              { value: 'yaml', label: 'YAML' },
            ]}
            onChange={(next) => {
              if (next === 'yaml') yaml.write()
              setView(next as View)
            }}
          />
        </Group>
        {view === 'form' ? props.fields(form) : <YamlFields yaml={yaml} errors={form.errors} />}
        {test.data && (
          <div ref={result}>
            <ConnectionResult report={test.data} stale={tested !== undefined && !same(tested, values)} />
          </div>
        )}
        <Refusal error={test.error} shown={(path) => props.shown(values, path)} />
        <div ref={outcome}>
          {save.error !== null &&
            (props.explain?.(save.error, form, save.reset) ?? (
              <Refusal error={save.error} shown={(path) => props.shown(values, path)} />
            ))}
        </div>
      </Stack>
      <PaneFooter>
        <GuardedButton
          variant="default"
          reason={values.namespace ? rights.reason('create', props.right[1]) : undefined}
          loading={test.isPending}
          onClick={() => attempt(() => test.mutate(), ['name', 'labels'])}
        >
          Test connection
        </GuardedButton>
        <Group gap="xs">
          <Button variant="outline" onClick={props.onClose}>
            Cancel
          </Button>
          <GuardedButton type="submit" reason={blocked} loading={save.isPending} disabled={yaml.problem !== undefined}>
            {props.action}
          </GuardedButton>
        </Group>
      </PaneFooter>
      {unsaved.dialog}
      {plain.dialog}
    </form>
  )
}

/** A refusal whose messages have no place at a field. */
function Refusal({ error, shown }: { error: unknown; shown: (path: string) => boolean }) {
  if (error === null || error === undefined) return null
  const errors = error instanceof ProblemError ? (error.problem.errors ?? []) : []
  const { fields, rest } = placed(errors, shown)
  if (errors.length > 0 && rest.length === 0 && Object.keys(fields).length > 0) return null
  return (
    <Stack gap="xs">
      <Problem error={error} />
      {rest.length > 0 && errors.length > 1 && (
        <List size="sm">
          {rest.map((message) => (
            <List.Item key={message}>{message}</List.Item>
          ))}
        </List>
      )}
    </Stack>
  )
}

/** The YAML of the form; each change that can be read fills the form at once. */
function useYaml<F extends Held>(form: Fields<F>, { toManifest, fromManifest }: Props<F>) {
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState<{ message: string; line?: number }>()
  const [insecure, setInsecure] = useState(false)
  return {
    text,
    /** Whether plain HTTP came in by the YAML, where no switch warns of it. */
    insecure,
    problem: wrong?.message,
    line: wrong?.line,
    write: () => {
      setText(toYaml(toManifest(form.values)))
      setWrong(undefined)
    },
    edit: (next: string) => {
      setText(next)
      const parsed = parseYaml(next)
      if (parsed.error !== undefined) return setWrong({ message: parsed.error, line: parsed.line })
      const read = fromManifest(parsed.value, form.values)
      if ('problem' in read) return setWrong({ message: read.problem })
      setWrong(undefined)
      if (read.form.insecure !== form.values.insecure) setInsecure(read.form.insecure)
      form.setErrors({})
      form.setValues(read.form)
    },
  }
}

function YamlFields({ yaml, errors }: { yaml: ReturnType<typeof useYaml>; errors: Record<string, string> }) {
  const messages = Object.entries(errors)
  return (
    <Stack gap="xs">
      <CodeEditor
        label="YAML"
        description="The same object as in the form. Passwords, tokens and certificates that you typed there are not shown here; they are stored in a Secret."
        language="yaml"
        value={yaml.text}
        onChange={yaml.edit}
        marks={yaml.problem && yaml.line ? [{ line: yaml.line, message: yaml.problem }] : undefined}
        error={yaml.problem && <span style={{ whiteSpace: 'pre-wrap' }}>{yaml.problem}</span>}
        minHeight={280}
        maxHeight={520}
      />
      {messages.length > 0 && (
        <Alert color="red" role="alert" title="Not right yet">
          {messages.map(([path, message]) => (
            <Text size="sm" key={path}>
              {path}: {message}
            </Text>
          ))}
        </Alert>
      )}
    </Stack>
  )
}

/** Plain HTTP that came in by the YAML is asked about before it is used. */
function usePlainHttp(wanted: boolean) {
  const [confirmed, setConfirmed] = useState(false)
  const [waiting, setWaiting] = useState<() => void>()
  return {
    ask: (run: () => void) => {
      if (wanted && !confirmed) setWaiting(() => run)
      else run()
    },
    dialog: (
      <InsecureWarning
        opened={waiting !== undefined}
        onClose={() => setWaiting(undefined)}
        onConfirm={() => {
          setConfirmed(true)
          setWaiting(undefined)
          waiting?.()
        }}
      />
    ),
  }
}
