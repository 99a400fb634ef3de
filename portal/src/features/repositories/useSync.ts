import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'

import { useHandled } from '../../lib/useHandled'
import { syncRepository, type Repository } from './queries'

/** Asks for a sync now, and tells whether it goes on. */
export function useSync(repository: Repository): { run: () => void; running: boolean } {
  const queries = useQueryClient()
  const handled = useHandled(repository.lastHandledReconcileAt)
  const ask = useMutation({
    mutationFn: () => syncRepository(repository),
    onSuccess: async ({ requestedAt }) => {
      handled.await(requestedAt)
      await queries.invalidateQueries({ queryKey: ['repositories', 'one'] })
    },
    onError: (error) => notifications.show({ color: 'red.9', title: 'Not synced', message: error.message }),
  })
  return { run: () => ask.mutate(), running: ask.isPending || handled.running }
}
