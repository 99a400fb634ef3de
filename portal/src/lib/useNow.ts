import { useSyncExternalStore } from 'react'

/** Relative times are good to the second only when they are young; all of them move together. */
export const TICK_MS = 5_000

let now = Date.now()
let timer: number | undefined
const listeners = new Set<() => void>()

function subscribe(listener: () => void) {
  listeners.add(listener)
  timer ??= window.setInterval(() => {
    now = Date.now()
    for (const one of listeners) one()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    window.clearInterval(timer)
    timer = undefined
  }
}

/** The time in milliseconds, renewed every five seconds while somebody looks at it. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => {
    // Without a timer nobody renewed it.
    if (timer === undefined) now = Date.now()
    return now
  })
}
