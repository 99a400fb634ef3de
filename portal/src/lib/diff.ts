/** One line of a difference as it is shown. */
export type DiffLine = {
  kind: 'same' | 'added' | 'removed' | 'gap' | 'remark'
  text: string
  /** Line number in the old text, where the line is in it. */
  old?: number
  /** Line number in the new text, where the line is in it. */
  new?: number
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/

/** Reads a difference in unified form; file headers before the first hunk are left out. */
export function parseUnified(unified: string): DiffLine[] {
  const lines: DiffLine[] = []
  let left = { old: 0, new: 0 }
  let at = { old: 1, new: 1 }
  for (const line of unified.split('\n')) {
    const hunk = left.old <= 0 && left.new <= 0 ? HUNK.exec(line) : null
    if (hunk) {
      at = { old: Number(hunk[1]), new: Number(hunk[3]) }
      left = { old: Number(hunk[2] ?? 1), new: Number(hunk[4] ?? 1) }
      lines.push({ kind: 'gap', text: gap(at, hunk[5] ?? '') })
      continue
    }
    const text = line.slice(1)
    if (line.startsWith('\\')) lines.push({ kind: 'remark', text: text.trim() })
    else if (left.old <= 0 && left.new <= 0) continue
    else if (line.startsWith('+')) {
      lines.push({ kind: 'added', text, new: at.new++ })
      left.new--
    } else if (line.startsWith('-')) {
      lines.push({ kind: 'removed', text, old: at.old++ })
      left.old--
    } else {
      lines.push({ kind: 'same', text, old: at.old++, new: at.new++ })
      left.old--
      left.new--
    }
  }
  return lines
}

function gap(at: { old: number; new: number }, context: string): string {
  const place = at.old === at.new ? `Line ${at.new}` : `Line ${at.new}, before ${at.old}`
  return context ? `${place}: ${context}` : place
}
