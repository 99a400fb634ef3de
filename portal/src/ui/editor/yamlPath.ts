export type Step = string | number

export type Place = {
  /** The way to the mapping or list that the cursor is in; for a value, to the value. */
  path: Step[]
  /** What would be written here. */
  part: 'key' | 'value'
  /** What of it is written before the cursor, and in which column it begins. */
  written: string
  column: number
}

type Entry = { column: number; key?: string }

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#'"[\]{},&*!|>%@`-][^#]*?|-[^\s#][^#]*?)\s*:(?=\s|$)/

function unquoted(key: string): string {
  const quote = key[0]
  if (quote !== '"' && quote !== "'") return key
  return key.slice(1, -1)
}

/** What begins on a line of block style: list items, then perhaps a key. */
function entries(line: string): { entries: Entry[]; rest: string; column: number } {
  const found: Entry[] = []
  let column = line.length - line.trimStart().length
  let rest = line.slice(column)
  while (rest === '-' || rest.startsWith('- ')) {
    found.push({ column })
    const inner = rest.slice(1)
    const space = inner.length - inner.trimStart().length
    column += 1 + space
    rest = inner.slice(space)
  }
  const key = KEY.exec(rest)
  if (key?.[1] !== undefined) {
    found.push({ column, key: unquoted(key[1]) })
    rest = rest.slice(key[0].length)
    column += key[0].length
  }
  return { entries: found, rest, column }
}

/**
 * Where in a YAML text of block style a cursor stands. Indentation tells it, so that it is known also while the text is
 * half written and cannot be parsed.
 */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n')
  const line = before.pop() ?? ''
  const { entries: own, rest, column } = entries(line)
  const last = own.at(-1)
  const inValue = last?.key !== undefined
  const lead = rest.length - rest.trimStart().length
  const start = own.length === 0 && rest.trim() === '' ? line.length : column + lead
  const path: Step[] = []
  // What is looked for above: the parent of something in this column; an item also counts its elder siblings.
  let need: { column: number; item: boolean } = { column: start, item: false }
  const visit = (entry: Entry) => {
    const item = entry.key === undefined
    if (need.item && item && entry.column === need.column) {
      path[0] = Number(path[0]) + 1
      return
    }
    if (entry.column < need.column || (need.item && !item && entry.column === need.column)) {
      path.unshift(item ? 0 : (entry.key ?? ''))
      need = { column: entry.column, item }
    }
  }
  for (const entry of own.reverse()) visit(entry)
  for (const above of before.reverse()) {
    const trimmed = above.trimStart()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    for (const entry of entries(above).entries.reverse()) visit(entry)
  }
  return { path, part: inValue ? 'value' : 'key', written: rest.trimStart(), column: start }
}
