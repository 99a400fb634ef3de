import { keepPreviousData, queryOptions } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'
import type { TableView } from '../../ui/DataTable'

export type ChartDetail = Schemas['ChartDetail']
export type Version = Schemas['VersionView']

/** Where a chart comes from: one of the charts of a Helm repository, or the one of an OCI repository. */
export type Origin = { namespace: string; repository: string; chart?: string }

/** Bytes behind a digest never change. */
const FOREVER = { staleTime: Infinity, gcTime: 10 * 60_000 }

const chartAt = ({ namespace, repository, chart = '' }: Origin) => ({ namespace, name: repository, chart })

export const chartList = (namespace: string | undefined, view: TableView) =>
  queryOptions({
    queryKey: ['repositories', 'all charts', namespace, view],
    queryFn: () => answer(client.GET('/api/v1/charts', { params: { query: { namespace, ...view } } })),
    placeholderData: keepPreviousData,
  })

export const chartVersions = (origin: Origin) =>
  queryOptions({
    queryKey: ['repositories', 'versions', origin.namespace, origin.repository, origin.chart],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions', {
          params: { path: chartAt(origin) },
        }),
      ),
  })

/** One version, opened. The digest is part of the key: a version whose tag was moved is asked for again. */
export const chartVersion = (origin: Origin, version: string, digest: string | undefined) =>
  queryOptions({
    queryKey: ['chart versions', origin, version, digest],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}', {
          params: { path: { ...chartAt(origin), version } },
        }),
      ),
    ...(digest ? FOREVER : {}),
  })

export const ociChart = ({ namespace, repository }: Origin) =>
  queryOptions({
    queryKey: ['oci-repositories', 'chart', namespace, repository],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/chart', {
          params: { path: { namespace, name: repository } },
        }),
      ),
  })

export type FileKind = 'templates' | 'crds'

/** Templates or CRDs with their content. */
export const chartFiles = (origin: Origin, version: Version, kind: FileKind) =>
  queryOptions({
    queryKey: ['chart versions', origin, version.version, version.digest, kind],
    queryFn: () => {
      if (origin.chart === undefined) {
        const path = { namespace: origin.namespace, name: origin.repository }
        return answer(
          kind === 'crds'
            ? client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/chart/crds', { params: { path } })
            : client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/chart/templates', { params: { path } }),
        )
      }
      const path = { ...chartAt(origin), version: version.version }
      return answer(
        kind === 'crds'
          ? client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}/crds', {
              params: { path },
            })
          : client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}/templates', {
              params: { path },
            }),
      )
    },
    ...(version.digest ? FOREVER : {}),
  })

/** What is attached to the version in its registry; asked for at most every five minutes. */
export const signatures = (origin: Origin, version: Version) =>
  queryOptions({
    queryKey: ['chart versions', origin, version.version, version.digest, 'signatures'],
    queryFn: () => {
      if (origin.chart === undefined) {
        return answer(
          client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/chart/signatures', {
            params: { path: { namespace: origin.namespace, name: origin.repository } },
          }),
        )
      }
      return answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}/signatures', {
          params: { path: { ...chartAt(origin), version: version.version } },
        }),
      )
    },
    staleTime: 5 * 60_000,
    retry: false,
  })

/** The releases that use the repository; those of one chart are picked out where they are shown. */
export const chartReleases = ({ namespace, repository, chart }: Origin) =>
  queryOptions({
    queryKey: ['releases', 'dependents', chart === undefined ? 'oci' : 'helm', namespace, repository],
    queryFn: () => {
      const params = { path: { namespace, name: repository } }
      return answer(
        chart === undefined
          ? client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/dependents', { params })
          : client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/dependents', { params }),
      )
    },
  })

/** The repository, for what only it knows: its URL, and whether it is reached without TLS. */
export const chartRepository = ({ namespace, repository }: Origin) =>
  queryOptions({
    queryKey: ['repositories', 'one', namespace, repository],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}', {
          params: { path: { namespace, name: repository } },
        }),
      ),
  })

export const chartOciRepository = ({ namespace, repository }: Origin) =>
  queryOptions({
    queryKey: ['oci-repositories', 'one', namespace, repository],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}', {
          params: { path: { namespace, name: repository } },
        }),
      ),
  })

export const comparison = (origin: Origin, from: string, to: string) =>
  queryOptions({
    queryKey: ['repositories', 'compare', origin, from, to],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/compare', {
          params: { path: chartAt(origin), query: { from, to } },
        }),
      ),
    staleTime: 5 * 60_000,
  })
