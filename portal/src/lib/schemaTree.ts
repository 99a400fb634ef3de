/** A property of a JSON schema as a person reads it. */
export type Property = {
  name: string
  /** `string`, `integer or null`, `list of object`; `any` where nothing is said. */
  type: string
  required: boolean
  title?: string
  description?: string
  /** The default as JSON. */
  default?: string
  /** Further rules in words: `one of "a", "b"`, `at least 1`. */
  rules: string[]
  deprecated: boolean
  /** What `propertiesOf` looks below. */
  schema: Schema
}

type Schema = Record<string, unknown>

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value)

/** References that are followed in a row; more are a circle. */
const MAX_REFERENCES = 16
const MAX_PROPERTIES = 2_000

/** Follows `#/…` references; a reference to anywhere else stays as it is. */
function resolved(schema: unknown, root: Schema): Schema {
  let one = schema
  for (let step = 0; step < MAX_REFERENCES; step++) {
    if (!isSchema(one)) return {}
    const reference = one.$ref
    if (typeof reference !== 'string' || !reference.startsWith('#')) return one
    const { $ref: _, ...beside } = one
    const target = at(root, reference)
    if (target === undefined) return beside
    one = { ...target, ...beside }
  }
  return {}
}

function at(root: Schema, reference: string): Schema | undefined {
  let one: unknown = root
  for (const part of reference.slice(1).split('/').slice(1)) {
    if (typeof one !== 'object' || one === null) return undefined
    const key = decoded(part)
    one = Object.hasOwn(one, key) ? (one as Record<string, unknown>)[key] : undefined
  }
  return isSchema(one) ? one : undefined
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return part
  }
}

/** The properties right below a schema: of an object, of the objects in a list, and of its alternatives. */
export function propertiesOf(schema: unknown, root: Schema): Property[] {
  const one = resolved(schema, root)
  const found: Property[] = []
  const required = new Set(Array.isArray(one.required) ? one.required : [])
  if (isSchema(one.properties)) {
    for (const [name, below] of Object.entries(one.properties)) found.push(property(name, below, required.has(name), root))
  }
  if (isSchema(one.patternProperties)) {
    for (const [name, below] of Object.entries(one.patternProperties)) found.push(property(`/${name}/`, below, false, root))
  }
  if (isSchema(one.additionalProperties)) found.push(property('any key', one.additionalProperties, false, root))
  if (isSchema(one.items)) found.push(property('each item', one.items, false, root))
  for (const [keyword, words] of [['allOf', 'and'], ['anyOf', 'or'], ['oneOf', 'either']] as const) {
    const parts = one[keyword]
    if (!Array.isArray(parts)) continue
    parts.forEach((part, place) => found.push(property(`${words} ${place + 1}`, part, false, root)))
  }
  return found.slice(0, MAX_PROPERTIES)
}

function property(name: string, schema: unknown, required: boolean, root: Schema): Property {
  const one = resolved(schema, root)
  const text = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined)
  return {
    name,
    type: typeOf(one, root),
    required,
    title: text(one.title),
    description: text(one.description),
    default: one.default === undefined ? undefined : JSON.stringify(one.default),
    rules: rulesOf(one),
    deprecated: one.deprecated === true,
    schema: one,
  }
}

function typeOf(schema: Schema, root: Schema): string {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type]
  const words = types.filter((type) => typeof type === 'string')
  if (words.length === 1 && words[0] === 'array') {
    return isSchema(schema.items) ? `list of ${typeOf(resolved({ ...resolved(schema.items, root), items: undefined }, root), root)}` : 'list'
  }
  if (words.length > 0) return words.map((word) => (word === 'array' ? 'list' : word)).join(' or ')
  if (typeof schema.$ref === 'string') return schema.$ref
  return isSchema(schema.properties) ? 'object' : 'any'
}

function rulesOf(schema: Schema): string[] {
  const values = (list: unknown[]) => list.slice(0, 30).map((value) => JSON.stringify(value)).join(', ') + (list.length > 30 ? ', …' : '')
  const rules: string[] = []
  const add = (key: string, words: (value: string) => string) => {
    const value = schema[key]
    if (typeof value === 'number' || typeof value === 'string') rules.push(words(String(value)))
  }
  if (Array.isArray(schema.enum)) rules.push(`one of ${values(schema.enum)}`)
  if (schema.const !== undefined) rules.push(`always ${JSON.stringify(schema.const)}`)
  add('minimum', (value) => `at least ${value}`)
  add('maximum', (value) => `at most ${value}`)
  add('exclusiveMinimum', (value) => `more than ${value}`)
  add('exclusiveMaximum', (value) => `less than ${value}`)
  add('multipleOf', (value) => `a multiple of ${value}`)
  add('minLength', (value) => `at least ${value} characters`)
  add('maxLength', (value) => `at most ${value} characters`)
  add('minItems', (value) => `at least ${value} items`)
  add('maxItems', (value) => `at most ${value} items`)
  add('pattern', (value) => `matches ${value}`)
  add('format', (value) => `format ${value}`)
  if (schema.additionalProperties === false) rules.push('no further keys')
  if (schema.uniqueItems === true) rules.push('no item twice')
  return rules
}

/** What the schema says of the value at a path of keys. */
export function describedBy(schema: unknown, keys: string[]): string | undefined {
  if (!isSchema(schema)) return undefined
  let one = resolved(schema, schema)
  for (const key of keys) {
    const { properties } = one
    if (!isSchema(properties) || !Object.hasOwn(properties, key)) return undefined
    one = resolved(properties[key], schema)
  }
  const words = [one.title, one.description].find((text) => typeof text === 'string' && text.trim() !== '')
  return typeof words === 'string' ? words.trim() : undefined
}
