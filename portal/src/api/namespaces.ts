import { queryOptions, useQuery } from '@tanstack/react-query'

import { answer, client } from './client'
import { isForbidden } from './problem'

/** All namespaces of the cluster. */
export const namespaces = queryOptions({
  queryKey: ['namespaces'],
  queryFn: () => answer(client.GET('/api/v1/namespaces')),
  // Namespaces are not in the stream.
  refetchInterval: 60_000,
})

/** The namespaces to choose from; a person who may not list them has to type a name. */
export function useNamespaces() {
  const list = useQuery(namespaces)
  return { list: list.data ?? [], pending: list.isPending, forbidden: isForbidden(list.error), error: list.error }
}
