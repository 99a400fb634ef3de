import { isMap, isScalar, type Node, type YAMLMap } from 'yaml'

import { readDocument, writeNode } from '../../lib/yaml'

/** What a chart's `values.yaml` tells: its keys, their defaults, and what its comments say of them. */

export type Default = {
  path: string[]
  /** The default as YAML. */
  text: string
  value: unknown
  comment: string
}

type Schema = Record<string, unknown>

/** Most keys told of one chart, and the deepest of them. */
const MAX_KEYS = 5_000
const MAX_DEPTH = 20

type Visit = (pair: { path: string[]; value: Node | null; comment: string; map: boolean }) => void

function walk(map: YAMLMap, path: string[], visit: Visit, left: { keys: number }) {
  map.items.forEach(({ key, value }, index) => {
    if (!isScalar(key) || left.keys <= 0) return
    left.keys -= 1
    const name = String(key.value)
    const at = [...path, name]
    // The comment above a mapping's first key belongs to that key.
    const above = key.commentBefore ?? (index === 0 ? map.commentBefore : undefined)
    const beside = (value as Node | null)?.comment ?? undefined
    const inner = isMap(value) && value.items.length > 0 && at.length < MAX_DEPTH ? value : undefined
    visit({ path: at, value: value as Node | null, comment: said([above, inner ? undefined : beside], at), map: inner !== undefined })
    if (inner) walk(inner, at, visit, left)
  })
}

/** A comment as a sentence: without the signs that generators of documentation want. */
function said(comments: (string | null | undefined)[], path: string[]): string {
  const lines = comments.filter(Boolean).join('\n').split('\n').map((line) => line.replace(/^#*\s?/, ''))
  const own = `@param ${path.join('.')} `
  const parameter = lines.find((line) => line.startsWith(own))
  if (parameter) return parameter.slice(own.length).replace(/^\[[^\]]*\]\s*/, '')
  return lines
    .map((line) => line.replace(/^--\s+/, '').replace(/^\([^)]*\)\s+/, '').trimEnd())
    .filter((line) => !/^@\w+|^[=*-]{3,}$/.test(line))
    .join('\n')
    .trim()
}

function root(text: string): YAMLMap | undefined {
  const { document } = readDocument(text)
  const { contents } = document
  if (!isMap(contents)) return undefined
  contents.commentBefore ??= document.commentBefore?.split('\n\n').at(-1)
  return contents
}

/** All keys with a default that is no mapping. */
export function defaultsOf(text: string): Default[] {
  const map = root(text)
  const found: Default[] = []
  if (!map) return found
  walk(map, [], ({ path, value, comment, map: inner }) => {
    if (inner) return
    const plain = isScalar(value) ? value.value : (value?.toJSON() as unknown)
    found.push({ path, value: plain ?? null, text: value ? writeNode(value).trimEnd() : 'null', comment })
  }, { keys: MAX_KEYS })
  return found
}

/** A schema that knows the keys, defaults and comments, but refuses nothing. */
export function schemaOfDefaults(text: string): Schema {
  const schema: Schema = {}
  const map = root(text)
  if (!map) return schema
  walk(map, [], ({ path, value, comment, map: inner }) => {
    let at = schema
    for (const step of path) {
      const properties = (at.properties ??= {}) as Record<string, Schema>
      if (!Object.hasOwn(properties, step)) Object.defineProperty(properties, step, { value: {}, enumerable: true, writable: true })
      at = properties[step] as Schema
    }
    if (comment) at.description = comment
    if (!inner && isScalar(value)) at.default = value.value
  }, { keys: MAX_KEYS })
  return schema
}

/** What is known of the values of a chart: its schema, its defaults with their comments, and its dependencies. */
export function schemaOfValues(chart: {
  schema?: object | null
  values: string
  dependencies: { name: string; alias?: string | null }[]
}): Schema {
  const derived = schemaOfDefaults(chart.values)
  const names = chart.dependencies.map(({ name, alias }) => alias || name)
  if (names.length > 0) {
    const inner = Object.fromEntries(names.map((name) => [name, { description: `Values of the dependency ${name}.`, type: 'object' }]))
    derived.properties = { ...inner, ...(derived.properties as Record<string, Schema> | undefined) }
  }
  if (!chart.schema) return derived
  const own = chart.schema as Schema
  return { ...own, allOf: [...(Array.isArray(own.allOf) ? own.allOf : []), derived] }
}
