import { keepPreviousData, queryOptions } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'
import type { TableView } from '../../ui/DataTable'

export type Repository = Schemas['Repository']

const at = ({ namespace, name }: { namespace: string; name: string }) => ({ params: { path: { namespace, name } } })

export const repositories = (namespace: string | undefined, view: TableView) =>
  queryOptions({
    queryKey: ['repositories', 'list', namespace, view],
    queryFn: () => answer(client.GET('/api/v1/repositories', { params: { query: { namespace, ...view } } })),
    placeholderData: keepPreviousData,
  })

export const repository = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['repositories', 'one', namespace, name],
    queryFn: () => readRepository(namespace, name),
  })

/** The repository as it is now. */
export const readRepository = (namespace: string, name: string) =>
  answer(client.GET('/api/v1/namespaces/{namespace}/repositories/{name}', at({ namespace, name })))

export const dependents = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'dependents', namespace, name],
    queryFn: () =>
      answer(client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/dependents', at({ namespace, name }))),
  })

export const syncs = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['repositories', 'syncs', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/syncs', at({ namespace, name }))),
  })

export const events = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['repositories', 'events', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/events', at({ namespace, name }))),
  })

export const yaml = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['repositories', 'yaml', namespace, name],
    queryFn: () => readYaml(namespace, name),
  })

/** The object as YAML, as the cluster stores it. */
export const readYaml = (namespace: string, name: string): Promise<string> =>
  answer(
    client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/yaml', { ...at({ namespace, name }), parseAs: 'text' }),
  ) as Promise<string>

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

/** One page of the charts of a repository. */
export const chartPage = (namespace: string, name: string, view: TableView) =>
  queryOptions({
    queryKey: ['repositories', 'charts', namespace, name, view],
    queryFn: () =>
      answer(
        client.GET('/api/v1/namespaces/{namespace}/repositories/{name}/charts', {
          params: { path: { namespace, name }, query: view },
        }),
      ),
    placeholderData: keepPreviousData,
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

export const updateRepository = (namespace: string, name: string, body: Schemas['RepositoryUpdate']) =>
  answer(client.PATCH('/api/v1/namespaces/{namespace}/repositories/{name}', { ...at({ namespace, name }), body }))

export const renameRepository = (namespace: string, name: string, newName: string) =>
  answer(
    client.POST('/api/v1/namespaces/{namespace}/repositories/{name}/rename', {
      ...at({ namespace, name }),
      body: { newName },
    }),
  )

export const syncRepository = (repository: Repository) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/repositories/{name}/sync', at(repository)))

export const suspendRepository = (repository: Repository) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/repositories/{name}/suspend', at(repository)))

export const resumeRepository = (repository: Repository) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/repositories/{name}/resume', at(repository)))

export const deleteRepository = ({ namespace, name }: Repository) =>
  answer(
    client.DELETE('/api/v1/namespaces/{namespace}/repositories/{name}', {
      params: { path: { namespace, name }, query: { confirm: name } },
    }),
  )
