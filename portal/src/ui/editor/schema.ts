import type { Step } from './yamlPath'

/** A JSON schema, as far as it is known: strangers wrote it. */
export type Schema = Record<string, unknown>

/** Most steps taken through references and combinations of one schema. */
const MAX_STEPS = 400

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(value: unknown): Schema[] {
  return Array.isArray(value) ? value.filter(isSchema) : []
}

/** What `#/…` names in a schema; references to other documents are followed nowhere. */
export function referred(root: Schema, reference: unknown): Schema | undefined {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined
  let at: unknown = root
  for (const part of reference.slice(1).split('/').filter(Boolean)) {
    const key = decode(part)
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return isSchema(at) ? at : undefined
}

function decode(part: string): string {
  const plain = part.replaceAll('~1', '/').replaceAll('~0', '~')
  try {
    return decodeURIComponent(plain)
  } catch {
    return plain
  }
}

/** A schema with all that may also describe the same value: references, and every branch of its combinations. */
export function alternatives(root: Schema, schema: Schema): Schema[] {
  const found: Schema[] = []
  const seen = new Set<Schema>()
  const open = [schema]
  for (let steps = 0; open.length > 0 && steps < MAX_STEPS; steps += 1) {
    const next = open.shift()
    if (!next || seen.has(next)) continue
    seen.add(next)
    found.push(next)
    const target = referred(root, next.$ref)
    if (target) open.push(target)
    for (const word of ['allOf', 'anyOf', 'oneOf']) open.push(...list(next[word]))
    for (const word of ['then', 'else']) if (isSchema(next[word])) open.push(next[word])
  }
  return found
}

function child(schema: Schema, step: Step): Schema[] {
  if (typeof step === 'number') {
    const { items, prefixItems } = schema
    const placed = list(prefixItems ?? (Array.isArray(items) ? items : []))[step]
    if (placed) return [placed]
    return isSchema(items) ? [items] : []
  }
  const found: Schema[] = []
  const { properties, patternProperties, additionalProperties } = schema
  if (isSchema(properties) && Object.hasOwn(properties, step) && isSchema(properties[step])) found.push(properties[step])
  if (isSchema(patternProperties)) {
    for (const [pattern, one] of Object.entries(patternProperties)) {
      if (isSchema(one) && matches(pattern, step)) found.push(one)
    }
  }
  if (found.length === 0 && isSchema(additionalProperties)) found.push(additionalProperties)
  return found
}

/** Whether a text matches a stranger's pattern; one that cannot be read, or is long enough to be slow, matches all. */
export function matches(pattern: string, text: string): boolean {
  if (pattern.length > 300 || text.length > 1000) return true
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return true
  }
}

/** All schemas that describe the value at a path. */
export function schemasAt(root: Schema, path: Step[]): Schema[] {
  return path.reduce((at, step) => below(root, at, step), alternatives(root, root))
}

/** All schemas that describe what is one step below. */
function below(root: Schema, schemas: Schema[], step: Step): Schema[] {
  const found = schemas.flatMap((schema) => child(schema, step)).flatMap((schema) => alternatives(root, schema))
  return found.slice(0, MAX_STEPS)
}

/** Most keys that are looked up. */
const MAX_KEYS = 2_000

/**
 * Keys that nothing knows, where some are known: misspelt, or gone. They may be allowed, so they are only remarked on.
 */
export function unknownKeys(root: Schema, value: unknown): Step[][] {
  const unknown: Step[][] = []
  let left = MAX_KEYS
  const visit = (schemas: Schema[], inner: unknown, path: Step[]) => {
    if (typeof inner !== 'object' || inner === null || left <= 0) return
    const list = Array.isArray(inner)
    const closed = !list && schemas.some(({ properties }) => isSchema(properties) && Object.keys(properties).length > 0) && !schemas.some(takesAnyKey)
    for (const [key, one] of Object.entries(inner)) {
      left -= 1
      const at = [...path, list ? Number(key) : key]
      const next = below(root, schemas, list ? Number(key) : key)
      if (closed && next.length === 0 && !(path.length === 0 && key === 'global')) unknown.push(at)
      else if (next.length > 0) visit(next, one, at)
    }
  }
  visit(alternatives(root, root), value, [])
  return unknown
}

/** Whether a mapping's schema says that keys are free, or reports other keys as errors itself. */
function takesAnyKey(schema: Schema): boolean {
  return isSchema(schema.additionalProperties) || schema.additionalProperties === false || schema['x-kubernetes-preserve-unknown-fields'] === true
}

export type Described = {
  types: string[]
  description?: string
  /** As JSON, where there is one. */
  default?: unknown
  choices: unknown[]
  deprecated: boolean
}

/** What is known of a value, from all schemas that describe it. */
export function described(schemas: Schema[]): Described {
  const types = new Set<string>()
  const choices: unknown[] = []
  let description: string | undefined
  let standard: unknown
  for (const schema of schemas) {
    for (const type of Array.isArray(schema.type) ? schema.type : [schema.type]) {
      if (typeof type === 'string') types.add(type)
    }
    if (Array.isArray(schema.enum)) choices.push(...schema.enum)
    if (Object.hasOwn(schema, 'const')) choices.push(schema.const)
    if (isSchema(schema.properties) && types.size === 0) types.add('object')
    const said = [schema.description, schema.title].find((text) => typeof text === 'string' && text !== '')
    description ??= said as string | undefined
    if (standard === undefined && Object.hasOwn(schema, 'default')) standard = schema.default
  }
  const deprecated = schemas.some((schema) => schema.deprecated === true)
  return { types: [...types], description, default: standard, choices: [...new Set(choices)], deprecated }
}

/** The names that a mapping at a path may have, with what is known of each; required ones first. */
export function propertiesAt(root: Schema, path: Step[]): { name: string; required: boolean; about: Described }[] {
  const names = new Map<string, boolean>()
  for (const schema of schemasAt(root, path)) {
    const required = Array.isArray(schema.required) ? schema.required : []
    for (const name of isSchema(schema.properties) ? Object.keys(schema.properties) : []) {
      names.set(name, names.get(name) || required.includes(name))
    }
  }
  return [...names].map(([name, required]) => ({ name, required, about: described(schemasAt(root, [...path, name])) }))
}
