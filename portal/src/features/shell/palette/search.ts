import { keepPreviousData, useQuery } from '@tanstack/react-query'

import { answer, client } from '../../../api/client'
import { isForbidden } from '../../../api/problem'

/** Hits shown of each kind: enough to see that more letters are needed. */
const HITS = 6

type Query = { namespace?: string; search?: string; sort?: 'match'; pageSize: number }


type List<T> = (query: Query, signal: AbortSignal) => Promise<T>
type Scope = { search: string; namespace: string | undefined; signal: AbortSignal }

/** An action begins in the chosen namespace; a search looks everywhere, or there where a person may not. */
async function look<T>({ search, namespace, signal }: Scope, list: List<T>): Promise<T> {
  const query: Query = { search: search || undefined, sort: search ? 'match' : undefined, pageSize: HITS }
  if (search === '') return list({ ...query, namespace }, signal)
  try {
    return await list(query, signal)
  } catch (error) {
    if (namespace && isForbidden(error)) return list({ ...query, namespace }, signal)
    throw error
  }
}

/** What was found of one kind. */
function useHits<T>(kind: string, search: string, namespace: string | undefined, enabled: boolean, list: List<T>) {
  return useQuery({
    queryKey: [kind, 'list', 'palette', namespace, search],
    // A search that was typed over is given up.
    queryFn: ({ signal }) => look({ search, namespace, signal }, list),
    enabled,
    placeholderData: keepPreviousData,
  })
}

export type Wanted = { releases: boolean; repositories: boolean; ociRepositories: boolean; charts: boolean }

/** Releases, repositories and charts whose texts hold the words. */
export function useSearch(search: string, namespace: string | undefined, wanted: Wanted) {
  const releases = useHits('releases', search, namespace, wanted.releases, (query, signal) =>
    answer(client.GET('/api/v1/releases', { params: { query }, signal })),
  )
  const repositories = useHits('repositories', search, namespace, wanted.repositories, (query, signal) =>
    answer(client.GET('/api/v1/repositories', { params: { query }, signal })),
  )
  const ociRepositories = useHits('oci-repositories', search, namespace, wanted.ociRepositories, (query, signal) =>
    answer(client.GET('/api/v1/oci-repositories', { params: { query }, signal })),
  )
  const charts = useHits('charts', search, namespace, wanted.charts, (query, signal) =>
    answer(client.GET('/api/v1/charts', { params: { query }, signal })),
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
