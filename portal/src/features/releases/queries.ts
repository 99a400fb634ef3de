import { keepPreviousData, queryOptions } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'
import type { TableView } from '../../ui/DataTable'

export type Release = Schemas['Release']

const at = ({ namespace, name }: { namespace: string; name: string }) => ({ params: { path: { namespace, name } } })

export const releases = (namespace: string | undefined, view: TableView) =>
  queryOptions({
    queryKey: ['releases', 'list', namespace, view],
    queryFn: () => answer(client.GET('/api/v1/releases', { params: { query: { namespace, ...view } } })),
    placeholderData: keepPreviousData,
  })

export const release = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'one', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/releases/{name}', at({ namespace, name }))),
  })

export const history = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'history', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/releases/{name}/history', at({ namespace, name }))),
  })

export const resources = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'resources', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/releases/{name}/resources', at({ namespace, name }))),
  })

export const notes = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'notes', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/releases/{name}/notes', at({ namespace, name }))),
  })

export const chartVersion = (namespace: string, repository: string, chart: string, version: string) =>
  queryOptions({
    queryKey: ['repositories', 'version', namespace, repository, chart, version],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions/{version}', {
          params: { path: { namespace, name: repository, chart, version } },
        }),
      ),
  })

export const createRelease = (namespace: string, body: Schemas['ReleaseRequest']) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases', { params: { path: { namespace } }, body }))

export const reconcileRelease = (release: Release) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/reconcile', { ...at(release), body: {} }))

export const suspendRelease = (release: Release) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/suspend', at(release)))

export const resumeRelease = (release: Release) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/resume', at(release)))

export const deleteRelease = (release: Release) =>
  answer(client.DELETE('/api/v1/namespaces/{namespace}/releases/{name}', at(release)))
