import { useEffect, useState } from 'react'

/**
 * Reads something once when a form opens, and not again: what others change meanwhile must not move under the
 * person's hands.
 */
export function useStored<T>(read: () => Promise<T>): { stored?: T; error?: unknown; retry: () => void } {
  const [outcome, setOutcome] = useState<{ stored?: T; error?: unknown }>({})
  const [attempt, setAttempt] = useState(0)
  const [first] = useState(() => read)
  useEffect(() => {
    let current = true
    setOutcome({})
    first().then(
      (stored) => current && setOutcome({ stored }),
      (error: unknown) => current && setOutcome({ error }),
    )
    return () => {
      current = false
    }
  }, [first, attempt])
  return { ...outcome, retry: () => setAttempt((before) => before + 1) }
}
