import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import type { Diagnostic } from '@codemirror/lint'
import type { Text } from '@codemirror/state'
import { type EditorView, hoverTooltip, type Tooltip } from '@codemirror/view'
import { isMap, isScalar } from 'yaml'

import { readDocument, toYaml } from '../../lib/yaml'
import { keyAt, rangeOf } from './places'
import { described, propertiesAt, schemasAt, unknownKeys, type Described, type Schema } from './schema'
import { findings } from './validate'
import { placeAt, type Step } from './yamlPath'

export type Mark = { line: number; message: string }

/** What is known of the text; read anew each time, as it changes while the editor stays. */
export type Known = { language: 'yaml' | 'json' | 'text'; schema?: Schema; marks: Mark[] }

/** The longest text that is parsed while somebody types. */
const MAX_CHECKED = 500_000

/** Completes keys and values from the schema. */
export function completions(known: () => Known) {
  return (context: CompletionContext): CompletionResult | null => {
    const { schema, language } = known()
    if (!schema || language !== 'yaml') return null
    const text = context.state.doc.toString()
    const line = context.state.doc.lineAt(context.pos)
    const place = placeAt(text, context.pos)
    if (!context.explicit && place.written === '' && place.part === 'key') return null
    const from = line.from + place.column
    if (from > context.pos || place.written.startsWith('#')) return null
    const options =
      place.part === 'value'
        ? values(described(schemasAt(schema, place.path)))
        : keys(schema, place.path, present(text, place.path, place.written), ' '.repeat(place.column))
    if (options.length === 0) return null
    return { from, options, validFor: /^[\w.-]*$/ }
  }
}

/** The keys that the mapping at a path has already. */
function present(text: string, path: Step[], written: string): Set<string> {
  const at = path.length === 0 ? readDocument(text).document.contents : readDocument(text).document.getIn(path, true)
  const names = isMap(at) ? at.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : []
  return new Set(names.filter((name) => name !== written))
}

function keys(schema: Schema, path: Step[], taken: Set<string>, indent: string): Completion[] {
  return propertiesAt(schema, path)
    .filter(({ name }) => !taken.has(name))
    .map(({ name, required, about }) => ({
      label: name,
      type: 'property',
      detail: facts(about),
      boost: required ? 10 : about.deprecated ? -10 : 0,
      info: about.description ? () => card(name, about) : undefined,
      apply: `${/^[\w./-]+$/.test(name) ? name : JSON.stringify(name)}:${opening(about, indent)}`,
    }))
}

/** What follows a key: a line for what is below it, or the place of its value. */
function opening({ types }: Described, indent: string): string {
  if (types.length !== 1) return ' '
  if (types[0] === 'object') return `\n${indent}  `
  return types[0] === 'array' ? `\n${indent}- ` : ' '
}

function values(about: Described): Completion[] {
  const choices = [...about.choices]
  if (about.types.includes('boolean')) choices.push(true, false)
  if (about.default !== undefined && (about.default === null || typeof about.default !== 'object')) choices.unshift(about.default)
  return [...new Set(choices)].map((choice) => ({
    label: toYaml(choice).trimEnd(),
    type: 'constant',
    detail: choice === about.default ? 'default' : undefined,
  }))
}

function facts(about: Described): string {
  const parts = [about.types.join(' or ')]
  if (about.default !== undefined) {
    const text = JSON.stringify(about.default)
    if (text.length <= 40) parts.push(`default ${text}`)
  }
  if (about.deprecated) parts.push('deprecated')
  return parts.filter(Boolean).join(', ')
}

/** What the schema says of a key; strangers' text, shown as text. */
function card(name: string, about: Described): HTMLElement {
  const box = document.createElement('div')
  box.className = 'cm-about'
  const add = (text: string, look?: string) => {
    const line = box.appendChild(document.createElement('div'))
    line.textContent = text
    if (look) line.className = look
  }
  add(name, 'cm-about-name')
  const known = facts(about)
  if (known) add(known, 'cm-about-facts')
  if (about.choices.length > 0) {
    add(`one of ${about.choices.slice(0, 20).map((one) => JSON.stringify(one)).join(', ')}`, 'cm-about-facts')
  }
  if (about.description) add(about.description.slice(0, 2000))
  return box
}

/** Tells about the key under the pointer. */
export function hover(known: () => Known) {
  return hoverTooltip((view: EditorView, position: number): Tooltip | null => {
    const { schema, language } = known()
    if (!schema || language === 'text' || view.state.doc.length > MAX_CHECKED) return null
    const found = keyAt(readDocument(view.state.doc.toString()).document, position)
    if (!found) return null
    const schemas = schemasAt(schema, found.path)
    if (schemas.length === 0) return null
    const about = described(schemas)
    return {
      pos: found.from,
      end: found.to,
      above: true,
      create: () => ({ dom: card(String(found.path.at(-1)), about) }),
    }
  })
}

/** Everything that is wrong with the text: marks given from outside, its syntax, and what the schema says. */
export function diagnostics(known: () => Known) {
  return (view: EditorView): Diagnostic[] => {
    const { language, schema, marks } = known()
    const { doc } = view.state
    const found = marks.map((mark) => marked(doc, mark))
    if (language === 'text' || doc.length === 0 || doc.length > MAX_CHECKED) return found
    const { document, problems } = readDocument(doc.toString())
    for (const { message, from, to } of problems) found.push({ ...within(doc, from, to), severity: 'error', message })
    if (!schema || problems.length > 0) return found
    try {
      const value: unknown = document.toJS()
      if (value === null) return found
      for (const { path, message } of findings(schema, value)) {
        found.push({ ...within(doc, ...rangeOf(document, path)), severity: 'error', message })
      }
      for (const path of unknownKeys(schema, value)) {
        const message = `Nothing is known of \`${String(path.at(-1))}\` here: is it misspelt?`
        found.push({ ...within(doc, ...rangeOf(document, path)), severity: 'warning', message })
      }
    } catch (error) {
      found.push({ ...within(doc, 0, 0), severity: 'error', message: error instanceof Error ? error.message : String(error) })
    }
    return found
  }
}

function within(doc: Text, from: number, to: number): { from: number; to: number } {
  const start = Math.min(from, doc.length)
  const end = Math.min(Math.max(to, start), doc.length)
  // Something must be there to be underlined, and no more than a line.
  const line = doc.lineAt(start)
  return end > start ? { from: start, to: Math.min(end, Math.max(line.to, start)) } : { from: line.from, to: line.to }
}

function marked(doc: Text, { line, message }: Mark): Diagnostic {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines))
  return { from: at.from, to: at.to, severity: 'error', message }
}
