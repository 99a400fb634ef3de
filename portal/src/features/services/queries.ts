import { keepPreviousData, queryOptions } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'
import type { TableView } from '../../ui/DataTable'

export type Workload = Schemas['Workload']

export const services = (namespace: string | undefined, view: TableView) =>
  queryOptions({
    queryKey: ['services', 'list', namespace, view],
    queryFn: () => answer(client.GET('/api/v1/services', { params: { query: { namespace, ...view } } })),
    placeholderData: keepPreviousData,
  })

export const service = (namespace: string, kind: string, name: string) =>
  queryOptions({
    queryKey: ['services', 'one', namespace, name, kind],
    queryFn: () =>
      answer(client.GET('/api/v1/namespaces/{namespace}/services/{kind}/{name}', { params: { path: { namespace, kind, name } } })),
  })

/** What is deployed of the release that made the workload, with the health of each object. */
export const resources = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'resources', namespace, name],
    queryFn: () =>
      answer(client.GET('/api/v1/namespaces/{namespace}/releases/{name}/resources', { params: { path: { namespace, name } } })),
  })
