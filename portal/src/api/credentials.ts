import { queryOptions, useQuery } from '@tanstack/react-query'

import { answer, client, type Schemas } from './client'
import { isForbidden } from './problem'

/** Secrets of a namespace that can serve as credentials or certificates: names and kinds only. */
export const secrets = (namespace: string) =>
  queryOptions({
    queryKey: ['credentials', namespace],
    queryFn: () =>
      answer(client.GET('/api/v1/namespaces/{namespace}/credentials', { params: { path: { namespace } } })),
    enabled: namespace !== '',
    // Secrets are not in the stream.
    staleTime: 0,
  })

export type SecretsChoice = {
  list: Schemas['CredentialsView'][]
  pending: boolean
  /** Whether the signed-in person may not list them, and has to type a name. */
  forbidden: boolean
}

export function useSecrets(namespace: string): SecretsChoice {
  const list = useQuery(secrets(namespace))
  return { list: list.data ?? [], pending: list.isLoading, forbidden: isForbidden(list.error) }
}
