/** Reads an object's YAML into a form, field by field: what the form does not know is refused by its name. */

type Read = (value: unknown, path: string) => void

/** What was wrong, by the path of the field. */
export class Findings {
  readonly messages: string[] = []
  readonly #unknown: string[] = []

  add(message: string) {
    this.messages.push(message)
  }

  unknown(path: string) {
    this.#unknown.push(path)
  }

  /** All findings in one text; nothing where there are none. */
  get problem(): string | undefined {
    const names = this.#unknown.map((path) => `“${path}”`).join(', ')
    const refused = names && `The form has no field for ${names}. Take it out, or apply the YAML with kubectl.`
    return [...this.messages, ...(refused ? [refused] : [])].join('\n') || undefined
  }

  /** The fields of a mapping, each by its reader. */
  fields(value: unknown, path: string, readers: Record<string, Read>) {
    if (value === null || value === undefined) return
    if (!isMapping(value)) {
      this.add(`“${path}” is a mapping of key: value`)
      return
    }
    for (const [key, inner] of Object.entries(value)) {
      const at = path ? `${path}.${key}` : key
      const read = Object.hasOwn(readers, key) ? readers[key] : undefined
      if (!read) this.unknown(at)
      else if (inner !== null && inner !== undefined) read(inner, at)
    }
  }

  text(set: (text: string) => void): Read {
    return (value, path) => {
      if (typeof value === 'string') set(value)
      else if (typeof value === 'number') set(String(value))
      else this.add(`“${path}” is a text`)
    }
  }

  flag(set: (flag: boolean) => void): Read {
    return (value, path) => {
      if (typeof value === 'boolean') set(value)
      else this.add(`“${path}” is true or false`)
    }
  }

  oneOf<T extends string>(known: readonly T[], set: (value: T) => void): Read {
    return (value, path) => {
      const found = known.find((one) => one === value)
      if (found === undefined) this.add(`“${path}” is one of ${known.join(', ')}`)
      else set(found)
    }
  }

  texts(set: (texts: string[]) => void): Read {
    return (value, path) => {
      if (Array.isArray(value) && value.every((one) => typeof one === 'string')) set(value)
      else this.add(`“${path}” is a list of texts`)
    }
  }

  /** A mapping of texts to texts, such as labels. */
  map(set: (map: Record<string, string>) => void): Read {
    return (value, path) => {
      if (isMapping(value) && Object.values(value).every((one) => typeof one === 'string')) {
        set(value as Record<string, string>)
      } else this.add(`“${path}” is a mapping of texts; put numbers and true or false into quotes`)
    }
  }

  /** A reference to an object of the same namespace: only its name. */
  reference(set: (name: string) => void): Read {
    return (value, path) => this.fields(value, path, { name: this.text(set) })
  }

  /** Fields of the stored object that the form does not hold: they may be there as they are. */
  kept(fields: Record<string, unknown>): Record<string, Read> {
    const why = 'cannot be changed in this form; use kubectl'
    return Object.fromEntries(Object.entries(fields).map(([key, stored]) => [key, this.fixed(stored, why)]))
  }

  /** Says which of those fields were taken out: they would stay. */
  keptMissing(object: unknown, fields: Record<string, unknown>) {
    const spec = isMapping(object) && isMapping(object.spec) ? object.spec : {}
    for (const key of Object.keys(fields)) {
      if (!Object.hasOwn(spec, key)) this.add(`“spec.${key}” cannot be removed in this form; use kubectl`)
    }
  }

  /** A value that may be there but not be changed. */
  fixed(stored: unknown, why: string): Read {
    return (value, path) => {
      if (!same(value, stored)) this.add(`“${path}” ${why}`)
    }
  }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** Whether two values are the same data. */
export function same(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, index) => same(value, other[index]))
  }
  if (isMapping(one) && isMapping(other)) {
    const keys = Object.keys(one)
    return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]))
  }
  return Object.is(one, other)
}

/** The fields of a stored object that a form has no field for; they stay as they are. */
export function unknownFields(stored: unknown, known: readonly string[]): Record<string, unknown> {
  if (!isMapping(stored)) return {}
  return Object.fromEntries(Object.entries(stored).filter(([key]) => !known.includes(key)))
}

/** Leaves out what is empty: a manifest says only what is meant. */
export function compact(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)))
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  return isMapping(value) && Object.keys(value).length === 0
}
