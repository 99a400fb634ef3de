import { keepPreviousData, useQuery } from '@tanstack/react-query'

import { answer, client } from '../../../api/client'
import { isForbidden } from '../../../api/problem'

/** Hits shown of each kind: enough to see that more letters are needed. */
const HITS = 6

type Query = { namespace?: string; search?: string; sort: 'match'; pageSize: number }


/** Looks everywhere; a person who may not looks in the chosen namespace. */
async function everywhere<T>(search: string, namespace: string | undefined, list: (query: Query) => Promise<T>): Promise<T> {
  const query: Query = { search: search || undefined, sort: 'match', pageSize: HITS }
  try {
    return await list(query)
  } catch (error) {
    if (namespace && isForbidden(error)) return list({ ...query, namespace })
    throw error
  }
}

/** What was found of one kind. */
function useHits<T>(kind: string, search: string, namespace: string | undefined, enabled: boolean, list: (query: Query) => Promise<T>) {
  return useQuery({
    queryKey: [kind, 'list', 'palette', namespace, search],
    queryFn: () => everywhere(search, namespace, list),
    enabled,
    placeholderData: keepPreviousData,
  })
}

export type Wanted = { releases: boolean; repositories: boolean; ociRepositories: boolean; charts: boolean }

/** Releases, repositories and charts whose texts hold the words. */
export function useSearch(search: string, namespace: string | undefined, wanted: Wanted) {
  const releases = useHits('releases', search, namespace, wanted.releases, (query) =>
    answer(client.GET('/api/v1/releases', { params: { query } })),
  )
  const repositories = useHits('repositories', search, namespace, wanted.repositories, (query) =>
    answer(client.GET('/api/v1/repositories', { params: { query } })),
  )
  const ociRepositories = useHits('oci-repositories', search, namespace, wanted.ociRepositories, (query) =>
    answer(client.GET('/api/v1/oci-repositories', { params: { query } })),
  )
  const charts = useHits('charts', search, namespace, wanted.charts, (query) =>
    answer(client.GET('/api/v1/charts', { params: { query } })),
  )
  const all = [releases, repositories, ociRepositories, charts]
  return {
    releases: wanted.releases ? releases.data : undefined,
    repositories: wanted.repositories ? repositories.data : undefined,
    ociRepositories: wanted.ociRepositories ? ociRepositories.data : undefined,
    charts: wanted.charts ? charts.data : undefined,
    pending: all.some(({ isFetching }) => isFetching),
    error: all.find(({ error }) => error && !isForbidden(error))?.error,
  }
}
