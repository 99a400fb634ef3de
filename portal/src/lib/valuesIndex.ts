import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'

import { readDocument, writeNode } from './yaml'

/** One setting of a chart: a key of its values that holds no further keys, or a documented group of keys. */
export type Setting = {
  /** `image.tag`; a key with dots or spaces is quoted. */
  path: string
  /** Keys from the top. */
  keys: string[]
  /** The default as YAML; absent for a group. */
  default?: string
  /** What the comments around it say. */
  comment: string
}

export type ValuesIndex = { settings: Setting[]; complete: boolean; error?: { message: string; line: number } }

const MAX_SETTINGS = 5_000
const MAX_DEPTH = 40
const MAX_DEFAULT = 2_000
const MAX_COMMENT = 2_000

/** Finds every setting in a `values.yaml`, with its default and its comments. */
export function indexValues(text: string): ValuesIndex {
  const { document, problems } = readDocument(text)
  const [problem] = problems
  const error = problem && { message: problem.message, line: problem.line }
  const settings: Setting[] = []
  const named = namedComments(text)
  if (isMap(document.contents)) {
    collect(document.contents, [], document.contents.commentBefore ?? document.commentBefore ?? '', settings)
  }
  for (const setting of settings) setting.comment = named.get(setting.path) ?? setting.comment
  return { settings, complete: settings.length < MAX_SETTINGS, error }
}

function collect(map: YAMLMap, above: string[], opening: string, settings: Setting[]) {
  if (above.length > MAX_DEPTH) return
  map.items.forEach((pair: Pair, place) => {
    if (settings.length >= MAX_SETTINGS) return
    const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
    const keys = [...above, name]
    const value = pair.value as Node | null
    const comment = commentOf(pair, place === 0 ? opening : '')
    const path = keys.map(quoted).join('.')
    if (isMap(value) && value.items.length > 0) {
      if (comment) settings.push({ path, keys, comment })
      collect(value, keys, value.commentBefore ?? '', settings)
    } else {
      settings.push({ path, keys, default: written(value), comment })
    }
  })
}

const quoted = (key: string) => (/^[^\s."'[\]]+$/.test(key) ? key : JSON.stringify(key))

function written(value: Node | null): string {
  if (value === null || (isScalar(value) && value.value === null)) return 'null'
  if (isAlias(value)) return `*${value.source}`
  if (isScalar(value)) return typeof value.value === 'string' ? JSON.stringify(value.value) : String(value.source ?? value.value)
  if (isMap(value) || (isSeq(value) && value.items.length === 0)) return isMap(value) ? '{}' : '[]'
  return bounded(writeNode(value).trimEnd(), MAX_DEFAULT)
}

function commentOf(pair: Pair, opening: string): string {
  const key = pair.key as Node | null
  const value = pair.value as Node | null
  const before = (key && 'commentBefore' in key ? key.commentBefore : undefined) ?? opening
  const beside = isMap(value) ? '' : ((isScalar(value) || isSeq(value) ? value.comment : undefined) ?? '')
  return bounded([tidy(lastParagraph(before)), tidy(beside)].filter(Boolean).join('\n'), MAX_COMMENT)
}

/** What stands right above a key is about it; earlier paragraphs are about the file. */
function lastParagraph(comment: string): string {
  return comment.split(/\n\s*\n/).findLast((paragraph) => paragraph.trim() !== '') ?? ''
}

/** Comments without the marks of documentation tools (`--`, `##`, `@param`). */
function tidy(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^[\s#]+/, '').replace(/^(?:--|@schema|@ignored)\s*/, ''))
    .filter((line) => line !== '' && !/^@(?:param|section|skip|extra|default|descriptionStart|descriptionEnd)\b/.test(line))
    .join('\n')
    .trim()
}

/** Comments that name the setting they are about: `## @param image.tag [string] Tag of the image`. */
function namedComments(text: string): Map<string, string> {
  const named = new Map<string, string>()
  for (const [, path, words] of text.matchAll(/^[ \t]*#+[ \t]*@(?:param|extra)[ \t]+(\S+)(?:[ \t]+\[[^\]\n]*\])?[ \t]+(\S.*)$/gm)) {
    if (path && words) named.set(path, bounded(words.trim(), MAX_COMMENT))
  }
  return named
}

const bounded = (text: string, most: number) => (text.length > most ? `${text.slice(0, most)}…` : text)

/** The settings in which every word of the question occurs: in the path, the default or the comment. */
export function searchSettings(settings: Setting[], question: string): Setting[] {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return settings
  return settings.filter((setting) => {
    const text = `${setting.path}\n${setting.default ?? ''}\n${setting.comment}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
