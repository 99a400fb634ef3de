/** A line of the engine's excerpt: a place, the text that stands there, the mark below it, or what is missing. */
export type ExcerptLine = { kind: 'place' | 'code' | 'mark' | 'missing'; text: string }

const MISSING = 'missing: '
const PLACE = /^(at |called from )?(.+?):(\d+)(?::(\d+))?$/

/** Reads the engine's excerpt: places from the innermost to the outermost, each with its line and a mark. */
export function excerptOf(text: string): ExcerptLine[] {
  return text.split('\n').map((line): ExcerptLine => {
    const code = /^ {2}\| ?(.*)$/.exec(line)
    if (code) return { kind: /^\s*\^+\s*$/.test(code[1] ?? '') ? 'mark' : 'code', text: code[1] ?? '' }
    if (line.startsWith(MISSING)) return { kind: 'missing', text: line.slice(MISSING.length) }
    const place = PLACE.exec(line)
    if (!place) return { kind: 'code', text: line }
    const [, relation = 'at ', file, row, column] = place
    const said = relation === 'called from ' ? 'Called from' : 'At'
    return { kind: 'place', text: `${said} ${file}, line ${row}${column ? `, column ${column}` : ''}` }
  })
}

/** A message of which the last lines are an excerpt, as conditions carry them. */
export function splitExcerpt(text: string): { message: string; excerpt: ExcerptLine[] } {
  const lines = text.trim().split('\n')
  const start = lines.findIndex((line, index) => line.startsWith('at ') && lines[index + 1]?.startsWith('  | '))
  if (start < 0) return { message: lines.join('\n'), excerpt: [] }
  return { message: lines.slice(0, start).join('\n').trim(), excerpt: excerptOf(lines.slice(start).join('\n')) }
}
