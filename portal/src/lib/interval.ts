/** Intervals as people type them: `MM:SS`, or a duration like `1h` where an hour or more is wanted. */

const UNITS: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 }
const LONGEST = 59 * 60 + 59

/** What is wrong with an interval and what would be right; nothing where it is right. */
export function intervalProblem(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return 'An interval is needed, for example 05:00'
  const seconds = intervalSeconds(trimmed)
  if (seconds === undefined) return 'Write minutes and seconds as MM:SS, from 00:01 to 59:59, or a duration like 1h'
  if (seconds < 1) return 'The interval must be at least 00:01'
  return undefined
}

/** Length in seconds of `05:00`, `5m0s` or `1h30m`; nothing where the text is neither. */
export function intervalSeconds(text: string): number | undefined {
  const clock = /^(\d{1,2}):(\d{1,2})$/.exec(text.trim())
  if (clock) {
    const [minutes, seconds] = [Number(clock[1]), Number(clock[2])]
    return minutes < 60 && seconds < 60 ? minutes * 60 + seconds : undefined
  }
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trim()) return undefined
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS[unit ?? ''] ?? 0), 0)
}

/** `05:00` below an hour, else a duration like `1h30m0s`. */
export function intervalText(seconds: number): string {
  const whole = Math.round(seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  if (hours > 0) return `${hours}h${minutes}m${rest}s`
  return `${String(minutes).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}

/** The duration as an object stores it: `5m0s` for `05:00`; what is no interval stays as it was typed. */
export function intervalDuration(text: string): string {
  const clock = /^(\d{1,2}):(\d{1,2})$/.exec(text.trim())
  if (!clock || intervalProblem(text)) return text.trim()
  return `${Number(clock[1])}m${Number(clock[2])}s`
}

/** The interval a step later or earlier, within what the form can show. */
export function stepInterval(text: string, by: number): string {
  const seconds = intervalSeconds(text)
  if (seconds === undefined) return text
  if (seconds > LONGEST) return intervalText(Math.max(1, seconds + by))
  return intervalText(Math.min(LONGEST, Math.max(1, seconds + by)))
}
