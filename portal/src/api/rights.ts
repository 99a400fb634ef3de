import { queryOptions, useQuery } from '@tanstack/react-query'

import { answer, client, type Schemas } from './client'

export type Verb = 'create' | 'update' | 'delete' | 'patch' | 'get' | 'list'

/** What rights are asked about, in the portal's words, and the cluster's name for each. */
const resources = {
  repositories: { plural: 'helmrepositories', words: 'Helm repositories' },
  'oci-repositories': { plural: 'ocirepositories', words: 'OCI repositories' },
  charts: { plural: 'helmcharts', words: 'Helm charts' },
  releases: { plural: 'helmreleases', words: 'releases' },
  secrets: { plural: 'secrets', words: 'Secrets' },
  configmaps: { plural: 'configmaps', words: 'ConfigMaps' },
  pods: { plural: 'pods', words: 'Pods' },
  deployments: { plural: 'deployments', words: 'Deployments' },
  namespaces: { plural: 'namespaces', words: 'namespaces' },
} as const

export type Resource = keyof typeof resources

export type Rights = {
  /** Why the signed-in person may not do that; nothing where they may. */
  reason: (verb: Verb, resource: Resource) => string | undefined
  pending: boolean
}

const words: Record<Verb, string> = {
  create: 'add',
  update: 'change',
  patch: 'change',
  delete: 'delete',
  get: 'see',
  list: 'list',
}

/** What the signed-in person may do in a namespace, or in the whole cluster. */
export const permissions = (namespace: string | undefined) =>
  queryOptions({
    queryKey: ['permissions', namespace ?? null],
    queryFn: () => answer(client.GET('/api/v1/me/permissions', { params: { query: { namespace } } })),
    // Rights change seldom; the server decides in the end.
    staleTime: 60_000,
  })

/** The sentence that says why something is not offered. */
export function refusal(
  allowed: Schemas['Permissions']['allowed'] | undefined,
  namespace: string | undefined,
  verb: Verb,
  resource: Resource,
): string | undefined {
  const { plural, words: what } = resources[resource]
  if (!allowed || allowed[plural]?.includes(verb)) return undefined
  return namespace
    ? `You may not ${words[verb]} ${what} in the namespace ${namespace}.`
    : `You may not ${words[verb]} ${what} in every namespace. Choose a namespace where you may.`
}

/**
 * What the signed-in person may do in a namespace; without one: in all of them.
 * Where the cluster gives no answer nothing is refused here: the server says so when it is tried.
 */
export function useRights(namespace: string | undefined): Rights {
  const answered = useQuery(permissions(namespace))
  return {
    reason: (verb, resource) => refusal(answered.data?.allowed, namespace, verb, resource),
    pending: answered.isPending,
  }
}
