/** What a key asks for; `go` waits for a second key. */
export type Command = 'palette' | 'list' | 'search' | 'add' | 'next' | 'previous' | 'menu' | `go ${string}`

export type Keys = { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean }

const single: Record<string, Command> = {
  '?': 'list',
  '/': 'search',
  n: 'add',
  j: 'next',
  k: 'previous',
  m: 'menu',
}

/** How long a `g` waits for its second key. */
const SEQUENCE_MS = 1_500

/** Reads keys; remembers a `g` until the next one. */
export function keyReader(places: readonly string[], now: () => number = Date.now) {
  let startedAt = Number.NEGATIVE_INFINITY
  return (event: Keys): Command | undefined => {
    const { key, ctrlKey, metaKey, altKey } = event
    if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === 'k') return 'palette'
    if (ctrlKey || metaKey || altKey) return undefined
    const waited = now() - startedAt < SEQUENCE_MS
    startedAt = Number.NEGATIVE_INFINITY
    if (waited && places.includes(key)) return `go ${key}`
    if (key === 'g') {
      startedAt = now()
      return undefined
    }
    return single[key]
  }
}
