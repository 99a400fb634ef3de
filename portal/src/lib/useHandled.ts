import { useEffect, useState } from 'react'

/** A request that nobody reported done after this long is not waited for any more. */
const PATIENCE_MS = 60_000

/** Follows a request to the controller until the object's status shows it as handled. */
export function useHandled(lastHandled: string | null | undefined): { running: boolean; await: (token: string) => void } {
  const [requested, setRequested] = useState<string>()
  const handled = requested !== undefined && lastHandled === requested
  useEffect(() => {
    if (requested === undefined || handled) return undefined
    const timer = window.setTimeout(() => setRequested(undefined), PATIENCE_MS)
    return () => window.clearTimeout(timer)
  }, [requested, handled])
  return { running: requested !== undefined && !handled, await: setRequested }
}
