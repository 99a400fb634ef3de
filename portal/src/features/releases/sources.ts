import { keepPreviousData, queryOptions } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'

/** Where a release can take its chart from, and what is there. */

export type Source = {
  kind: 'HelmRepository' | 'OCIRepository'
  namespace: string
  name: string
  url: string
  status: Schemas['Status']
}

/** Most sources offered at once; more are found by their name. */
export const MAX_SOURCES = 200

const named = ({ namespace, name, url, status }: Omit<Source, 'kind'>) => ({ namespace, name, url, status })

/** The registered sources of a kind, in a namespace or in all, whose name or address holds a text. */
export const sources = (kind: string, namespace: string | undefined, search: string) => {
  const query = { namespace, search: search || undefined, sort: 'name', pageSize: MAX_SOURCES }
  return queryOptions({
    queryKey: [kind === 'OCIRepository' ? 'oci-repositories' : 'repositories', 'list', 'sources', namespace ?? null, search],
    queryFn: async (): Promise<{ items: Source[]; total: number }> => {
      if (kind === 'OCIRepository') {
        const page = await answer(client.GET('/api/v1/oci-repositories', { params: { query } }))
        return { total: page.total, items: page.items.map((item) => ({ kind: 'OCIRepository', ...named(item) })) }
      }
      const page = await answer(client.GET('/api/v1/repositories', { params: { query } }))
      return { total: page.total, items: page.items.map((item) => ({ kind: 'HelmRepository', ...named(item) })) }
    },
    placeholderData: keepPreviousData,
  })
}

type In = { namespace: string; repository: string }

export const chartsIn = ({ namespace, repository }: In, search: string) =>
  queryOptions({
    queryKey: ['repositories', 'charts-in', namespace, repository, search],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts', {
          params: { path: { namespace, name: repository }, query: { search: search || undefined, sort: 'name', pageSize: 100 } },
        }),
      ),
    enabled: namespace !== '' && repository !== '',
    placeholderData: keepPreviousData,
  })

export const versionsOf = ({ namespace, repository }: In, chart: string) =>
  queryOptions({
    queryKey: ['repositories', 'versions-of', namespace, repository, chart],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions', {
          params: { path: { namespace, name: repository, chart } },
        }),
      ),
    enabled: namespace !== '' && repository !== '' && chart !== '',
    retry: false,
  })

/** The version that a range picks now. */
export const resolution = ({ namespace, repository }: In, chart: string, range: string) =>
  queryOptions({
    queryKey: ['repositories', 'resolution', namespace, repository, chart, range],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/resolve', {
          params: { path: { namespace, name: repository, chart }, query: { range } },
        }),
      ),
    enabled: namespace !== '' && repository !== '' && chart !== '',
    retry: false,
  })

export const chartDetail = ({ namespace, repository }: In, chart: string, version: string) =>
  queryOptions({
    queryKey: ['repositories', 'chart-detail', namespace, repository, chart, version],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}', {
          params: { path: { namespace, name: repository, chart, version } },
        }),
      ),
    // A version is what it is; only a mutated tag changes it, and the stream tells.
    staleTime: 5 * 60_000,
    retry: false,
  })

/** The chart that an OCI repository is. */
export const ociChart = ({ namespace, repository }: In) =>
  queryOptions({
    queryKey: ['oci-repositories', 'chart', namespace, repository],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/chart', {
          params: { path: { namespace, name: repository } },
        }),
      ),
    retry: false,
  })
