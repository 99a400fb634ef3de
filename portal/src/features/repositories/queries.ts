import { keepPreviousData, queryOptions } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'
import type { TableView } from '../../ui/DataTable'

export type Repository = Schemas['Repository']

export const repositories = (namespace: string | undefined, view: TableView) =>
  queryOptions({
    queryKey: ['repositories', 'list', namespace, view],
    queryFn: () => answer(client.GET('/api/v1/repositories', { params: { query: { namespace, ...view } } })),
    placeholderData: keepPreviousData,
  })

export const repository = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['repositories', 'one', namespace, name],
    queryFn: () =>
      answer(client.GET('/api/v1/namespaces/{namespace}/repositories/{name}', { params: { path: { namespace, name } } })),
  })

export const dependents = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'dependents', namespace, name],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/dependents', {
          params: { path: { namespace, name } },
        }),
      ),
  })

export const charts = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['repositories', 'charts', namespace, name],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts', {
          params: { path: { namespace, name }, query: { pageSize: 500 } },
        }),
      ),
  })

export const versions = (namespace: string, name: string, chart: string) =>
  queryOptions({
    queryKey: ['repositories', 'versions', namespace, name, chart],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts/{chart}/versions', {
          params: { path: { namespace, name, chart } },
        }),
      ),
  })

export const createRepository = (namespace: string, body: Schemas['RepositoryRequest']) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/repositories', { params: { path: { namespace } }, body }))

export const testConnection = (namespace: string, body: Schemas['RepositoryRequest']) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/repositories/test', { params: { path: { namespace } }, body }))

export const syncRepository = ({ namespace, name }: Repository) =>
  answer(
    client.POST('/api/v1/namespaces/{namespace}/repositories/{name}/sync', { params: { path: { namespace, name } } }),
  )

export const deleteRepository = ({ namespace, name }: Repository) =>
  answer(
    client.DELETE('/api/v1/namespaces/{namespace}/repositories/{name}', {
      params: { path: { namespace, name }, query: { confirm: name } },
    }),
  )
