import { keepPreviousData, queryOptions } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'
import type { TableView } from '../../ui/DataTable'

export type Release = Schemas['Release']
export type ReleaseDetail = Schemas['ReleasePage']
export type Named = { namespace: string; name: string }

const at = ({ namespace, name }: Named) => ({ params: { path: { namespace, name } } })

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
    retry: false,
  })

export const notes = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'notes', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/releases/{name}/notes', at({ namespace, name }))),
    retry: false,
  })

export const valuesInForce = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'values', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/releases/{name}/values', at({ namespace, name }))),
    retry: false,
  })

export const tests = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'tests', namespace, name],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/releases/{name}/tests', {
          params: { path: { namespace, name }, query: { logs: true } },
        }),
      ),
    retry: false,
  })

export const events = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'events', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/releases/{name}/events', at({ namespace, name }))),
  })

export const yaml = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'yaml', namespace, name],
    queryFn: () =>
      answer(client.GET('/api/v1/namespaces/{namespace}/releases/{name}/yaml', { ...at({ namespace, name }), parseAs: 'text' })),
  })

/** A revision never changes but in its status, which the history tells. */
export const revision = (namespace: string, name: string, number: number) =>
  queryOptions({
    queryKey: ['releases', 'revision', namespace, name, number],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/releases/{name}/revisions/{revision}', {
          params: { path: { namespace, name, revision: number } },
        }),
      ),
    retry: false,
  })

export const comparison = (namespace: string, name: string, from: number, to: number) =>
  queryOptions({
    queryKey: ['releases', 'comparison', namespace, name, from, to],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/releases/{name}/diff', {
          params: { path: { namespace, name }, query: { from, to } },
        }),
      ),
    retry: false,
  })

export const createRelease = (namespace: string, body: Schemas['ReleaseRequest']) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases', { params: { path: { namespace } }, body }))

export const previewRelease = (namespace: string, body: Schemas['ReleaseRequest']) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/preview', { params: { path: { namespace } }, body }))

export const updateRelease = (release: Named, body: Schemas['ReleaseUpdate']) =>
  answer(client.PATCH('/api/v1/namespaces/{namespace}/releases/{name}', { ...at(release), body }))

export const previewUpdate = (release: Named, body: Schemas['ReleaseUpdate']) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/preview', { ...at(release), body }))

export const reconcileRelease = (release: Named, body: Schemas['ReconcileRequest'] = {}) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/reconcile', { ...at(release), body }))

export const suspendRelease = (release: Named) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/suspend', at(release)))

export const resumeRelease = (release: Named) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/resume', at(release)))

export const rollbackRelease = (release: Named, to: number) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/rollback', { ...at(release), body: { revision: to } }))

export const testRelease = (release: Named) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/test', at(release)))

export const deleteRelease = (release: Named) =>
  answer(client.DELETE('/api/v1/namespaces/{namespace}/releases/{name}', at(release)))
