import { isSchema, matches, referred, type Schema } from './schema'
import type { Step } from './yamlPath'

export type Finding = { path: Step[]; message: string }

/** Most findings told, and most schemas visited, so that no schema keeps the page busy. */
const MAX_FINDINGS = 50
const MAX_VISITS = 20_000

type Visit = { root: Schema; left: number; findings: Finding[] }

/**
 * Checks what is written against a schema.
 *
 * What is not written is not missed: a chart's defaults stand below the values of a release, so `required` and the like
 * say nothing about one layer. The server checks the whole.
 */
export function findings(root: Schema, value: unknown): Finding[] {
  const visit: Visit = { root, left: MAX_VISITS, findings: [] }
  check(visit, root, value, [])
  const told = new Set<string>()
  return visit.findings.filter(({ path, message }) => {
    const key = `${path.join('\0')}\0${message}`
    return !told.has(key) && told.add(key)
  })
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

const named: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'a mapping',
  string: 'a text',
}

function hasType(value: unknown, type: unknown): boolean {
  const is = typeOf(value)
  return type === is || (type === 'number' && is === 'integer')
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function check(visit: Visit, schema: unknown, value: unknown, path: Step[]): boolean {
  if (visit.left <= 0 || visit.findings.length >= MAX_FINDINGS || !isSchema(schema)) return schema !== false
  visit.left -= 1
  const before = visit.findings.length
  const add = (message: string) => visit.findings.push({ path, message })
  // `null` removes a default, whatever the schema says of the value.
  if (value === null && path.length > 0) return true
  const target = referred(visit.root, schema.$ref)
  if (target && target !== schema) check(visit, target, value, path)
  if (!typed(schema, value, add)) return false
  scalar(schema, value, add)
  if (Array.isArray(value)) items(visit, schema, value, path, add)
  else if (isSchema(value)) members(visit, schema, value, path, add)
  combined(visit, schema, value, path, add)
  return visit.findings.length === before
}

type Add = (message: string) => void

function typed(schema: Schema, value: unknown, add: Add): boolean {
  const types = [schema.type].flat().filter((type) => typeof type === 'string')
  if (types.length === 0 || types.some((type) => hasType(value, type))) return true
  add(`This is ${named[typeOf(value)] ?? typeOf(value)}; the chart wants ${types.map((type) => named[type] ?? type).join(' or ')}.`)
  return false
}

function scalar(schema: Schema, value: unknown, add: Add) {
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => same(one, value))) {
    add(`The chart knows ${schema.enum.slice(0, 12).map((one) => JSON.stringify(one)).join(', ')} here.`)
  }
  if (Object.hasOwn(schema, 'const') && !same(schema.const, value)) add(`This must be ${JSON.stringify(schema.const)}.`)
  if (typeof value === 'number') range(schema, value, add)
  if (typeof value === 'string') {
    if (typeof schema.minLength === 'number' && value.length < schema.minLength) {
      add(`The text must have at least ${schema.minLength} characters.`)
    }
    if (typeof schema.maxLength === 'number' && value.length > schema.maxLength) {
      add(`The text may have at most ${schema.maxLength} characters.`)
    }
    if (typeof schema.pattern === 'string' && !matches(schema.pattern, value)) {
      add(`The text must match ${schema.pattern}`)
    }
  }
}

function range(schema: Schema, value: number, add: Add) {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  if (typeof minimum === 'number' && value < minimum) add(`The number must be at least ${minimum}.`)
  if (typeof maximum === 'number' && value > maximum) add(`The number must be at most ${maximum}.`)
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) add(`The number must be above ${exclusiveMinimum}.`)
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) add(`The number must be below ${exclusiveMaximum}.`)
  if (typeof multipleOf === 'number' && multipleOf > 0 && !Number.isInteger(value / multipleOf)) {
    add(`The number must be a multiple of ${multipleOf}.`)
  }
}

function items(visit: Visit, schema: Schema, value: unknown[], path: Step[], add: Add) {
  if (typeof schema.minItems === 'number' && value.length < schema.minItems) {
    add(`The list must have at least ${schema.minItems} items.`)
  }
  if (typeof schema.maxItems === 'number' && value.length > schema.maxItems) {
    add(`The list may have at most ${schema.maxItems} items.`)
  }
  if (schema.uniqueItems === true && new Set(value.map((one) => JSON.stringify(one))).size < value.length) {
    add('No item may stand in the list twice.')
  }
  const placed = Array.isArray(schema.prefixItems) ? schema.prefixItems : Array.isArray(schema.items) ? schema.items : []
  value.forEach((one, index) => {
    const rule: unknown = placed[index] ?? (isSchema(schema.items) ? schema.items : undefined)
    if (rule !== undefined) check(visit, rule, one, [...path, index])
  })
}

function members(visit: Visit, schema: Schema, value: Schema, path: Step[], add: Add) {
  const known = isSchema(schema.properties) ? schema.properties : {}
  const patterns = isSchema(schema.patternProperties) ? Object.entries(schema.patternProperties) : []
  if (typeof schema.maxProperties === 'number' && Object.keys(value).length > schema.maxProperties) {
    add(`The mapping may have at most ${schema.maxProperties} keys.`)
  }
  for (const [key, one] of Object.entries(value)) {
    const at = [...path, key]
    const rules: unknown[] = patterns.filter(([pattern]) => matches(pattern, key)).map(([, rule]) => rule)
    if (Object.hasOwn(known, key)) rules.push(known[key])
    for (const rule of rules) check(visit, rule, one, at)
    if (rules.length > 0) continue
    // Helm hands `global` to every chart.
    if (schema.additionalProperties === false && !(path.length === 0 && key === 'global')) {
      visit.findings.push({ path: at, message: unknownKey(key, Object.keys(known)) })
    } else if (isSchema(schema.additionalProperties)) check(visit, schema.additionalProperties, one, at)
  }
}

function unknownKey(key: string, known: string[]): string {
  const near = known.find((one) => one.toLowerCase() === key.toLowerCase() || distance(one, key) <= 2)
  return near ? `The chart knows no \`${key}\` here; did you mean \`${near}\`?` : `The chart knows no \`${key}\` here.`
}

/** Letters to change, add or take away between two words. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2 || a.length > 60) return 3
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 3
}

/** Tries a schema without telling. */
function holds(visit: Visit, schema: unknown, value: unknown, path: Step[]): Finding[] {
  const trial: Visit = { root: visit.root, left: visit.left, findings: [] }
  check(trial, schema, value, path)
  visit.left = trial.left
  return trial.findings
}

function combined(visit: Visit, schema: Schema, value: unknown, path: Step[], add: Add) {
  for (const rule of Array.isArray(schema.allOf) ? schema.allOf : []) check(visit, rule, value, path)
  for (const word of ['anyOf', 'oneOf'] as const) {
    const rules: unknown[] = Array.isArray(schema[word]) ? schema[word] : []
    if (rules.length === 0) continue
    const tried = rules.map((rule) => holds(visit, rule, value, path))
    if (tried.some((found) => found.length === 0)) continue
    // The branch that comes nearest says best what is wrong.
    const nearest = tried.reduce((best, found) => (found.length < best.length ? found : best))
    if (tried.length === 1 || nearest.some((finding) => finding.path.length > path.length)) visit.findings.push(...nearest)
    else add('None of the forms that the chart allows here fits.')
  }
}
