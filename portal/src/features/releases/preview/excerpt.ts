/** A line of the engine's excerpt: a place, the text that stands there, or the mark below it. */
export type ExcerptLine = { kind: 'place' | 'code' | 'mark'; text: string }

const PLACE = /^(at |called from )?(.+?):(\d+)(?::(\d+))?$/

/** Reads the engine's excerpt: places from the innermost to the outermost, each with its line and a mark. */
export function excerptOf(text: string): ExcerptLine[] {
  return text.split('\n').map((line): ExcerptLine => {
    const code = /^ {2}\| ?(.*)$/.exec(line)
    if (code) return { kind: /^\s*\^+\s*$/.test(code[1] ?? '') ? 'mark' : 'code', text: code[1] ?? '' }
    const place = PLACE.exec(line)
    if (!place) return { kind: 'code', text: line }
    const [, relation = 'at ', file, row, column] = place
    const said = relation === 'called from ' ? 'Called from' : 'At'
    return { kind: 'place', text: `${said} ${file}, line ${row}${column ? `, column ${column}` : ''}` }
  })
}
