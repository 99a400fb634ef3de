const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' })

/** `3 min. ago`, `in 20 sec.` */
export function ago(time: string | null | undefined, now: number = Date.now()): string {
  if (!time) return '–'
  const seconds = Math.round((Date.parse(time) - now) / 1000)
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length || unit === 'second') {
      return relative.format(Math.trunc(seconds / length), unit)
    }
  }
  return '–'
}

/** `Oct 1, 2025, 3:21:17 PM`, in the browser's zone. */
export function exact(time: string | null | undefined): string {
  if (!time) return ''
  return new Date(time).toLocaleString('en-US', { dateStyle: 'medium', timeStyle: 'medium' })
}

/** The `MM:SS` of a form for a duration that the API gives in seconds; longer ones stay as they are stored. */
export function minutesAndSeconds(seconds: number, stored: string): string {
  if (seconds >= 3600) return stored
  const two = (number: number) => String(number).padStart(2, '0')
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`
}
