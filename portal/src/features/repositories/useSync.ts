import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { syncRepository, type Repository } from './queries'

/** A sync that nobody reported done after this long is not waited for any more. */
const PATIENCE_MS = 60_000

/** Asks for a sync now, and tells whether it goes on: until the status shows the request as handled. */
export function useSync(repository: Repository): { run: () => void; running: boolean } {
  const queries = useQueryClient()
  const [requested, setRequested] = useState<string>()
  const handled = requested !== undefined && repository.lastHandledReconcileAt === requested
  const ask = useMutation({
    mutationFn: () => syncRepository(repository),
    onSuccess: async ({ requestedAt }) => {
      setRequested(requestedAt)
      await queries.invalidateQueries({ queryKey: ['repositories', 'one'] })
    },
    onError: (error) => notifications.show({ color: 'red', title: 'Not synced', message: error.message }),
  })
  useEffect(() => {
    if (requested === undefined) return undefined
    if (handled) {
      setRequested(undefined)
      return undefined
    }
    const timer = window.setTimeout(() => setRequested(undefined), PATIENCE_MS)
    return () => window.clearTimeout(timer)
  }, [requested, handled])
  return { run: () => ask.mutate(), running: ask.isPending || (requested !== undefined && !handled) }
}
