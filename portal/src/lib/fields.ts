/** Values of a form by path: `credentials.username` is the user name in the credentials. */

import { isMapping, same } from './manifest'

/** The value at a path. */
export function valueAt(form: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), form)
}

/** The form with another value at a path. */
export function withValue<F extends object>(form: F, path: string, value: unknown): F {
  const [key = '', ...rest] = path.split('.')
  const inner = (form as Record<string, unknown>)[key]
  const next = rest.length === 0 ? value : withValue(isMapping(inner) ? inner : {}, rest.join('.'), value)
  return { ...form, [key]: next }
}

/** What a person changed, put on top of what somebody else saved meanwhile. */
export type Rebased<F> = {
  form: F
  /** Fields that the other changed. */
  theirs: string[]
  /** Fields that both changed; the person's own value is kept. */
  both: string[]
}

/** Puts the changes from `base` to `mine` on top of `theirs`, field by field. */
export function rebase<F extends object>(base: F, mine: F, theirs: F): Rebased<F> {
  const form: Record<string, unknown> = {}
  const changed: Rebased<F> = { form: theirs, theirs: [], both: [] }
  const at = (of: F, key: string) => (of as Record<string, unknown>)[key]
  for (const key of Object.keys(base)) {
    const iChanged = !same(at(base, key), at(mine, key))
    const theyChanged = !same(at(base, key), at(theirs, key))
    if (theyChanged) changed.theirs.push(key)
    if (iChanged && theyChanged && !same(at(mine, key), at(theirs, key))) changed.both.push(key)
    form[key] = iChanged ? at(mine, key) : at(theirs, key)
  }
  return { ...changed, form: form as F }
}

/** Names that the cluster or older parts of the API give to a field of the form. */
const ALIASES: [from: RegExp, to: string][] = [
  [/^(credentials|secretRef)(\.name)?$/, 'credentials.kind'],
  [/^(certificate|certSecretRef)(\.name)?$/, 'certificate.kind'],
  [/^suspend$/, 'suspended'],
  [/^newName$/, 'name'],
  [/^metadata\./, ''],
  [/^ref\./, 'reference.'],
  [/^layerSelector\./, 'layer.'],
  [/^(reference|layer)$/, '$1.kind'],
  [/\[.*$/, ''],
]

/** Sorts the server's messages into those at a field of the form and those that have no place there. */
export function placed(
  errors: { field: string; message: string }[],
  shown: (path: string) => boolean,
): { fields: Record<string, string>; rest: string[] } {
  const fields: Record<string, string> = {}
  const rest: string[] = []
  for (const { field, message } of errors) {
    const path = ALIASES.reduce((name, [from, to]) => name.replace(from, to), field)
    if (shown(path)) fields[path] = sentence(message)
    else rest.push(`${field}: ${message}`)
  }
  return { fields, rest }
}

/** A message as a sentence begins. */
export function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1)
}
