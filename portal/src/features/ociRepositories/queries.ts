import { queryOptions } from '@tanstack/react-query'

import { answer, client, type Schemas } from '../../api/client'

export type OciRepository = Schemas['OciRepository']

type Named = { namespace: string; name: string }

const at = ({ namespace, name }: Named) => ({ params: { path: { namespace, name } } })

/** The repository as it is now. */
export const readOciRepository = (namespace: string, name: string) =>
  answer(client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}', at({ namespace, name })))

/** The object as YAML, as the cluster stores it. */
export const readYaml = (namespace: string, name: string): Promise<string> =>
  answer(
    client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/yaml', { ...at({ namespace, name }), parseAs: 'text' }),
  ) as Promise<string>

export const ociRepository = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['oci-repositories', 'one', namespace, name],
    queryFn: () => readOciRepository(namespace, name),
  })

export const yaml = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['oci-repositories', 'yaml', namespace, name],
    queryFn: () => readYaml(namespace, name),
  })

export const events = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['oci-repositories', 'events', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/events', at({ namespace, name }))),
  })

export const chart = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['oci-repositories', 'chart', namespace, name],
    queryFn: () => answer(client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/chart', at({ namespace, name }))),
  })

export const dependents = (namespace: string, name: string) =>
  queryOptions({
    queryKey: ['releases', 'dependents', 'OCIRepository', namespace, name],
    queryFn: () =>
      answer(client.GET('/api/v1/namespaces/{namespace}/oci-repositories/{name}/dependents', at({ namespace, name }))),
  })

export const createOciRepository = (namespace: string, body: Schemas['OciRepositoryRequest']) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/oci-repositories', { params: { path: { namespace } }, body }))

export const testConnection = (namespace: string, body: Schemas['OciRepositoryRequest']) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/oci-repositories/test', { params: { path: { namespace } }, body }))

export const updateOciRepository = (namespace: string, name: string, body: Schemas['OciRepositoryUpdate']) =>
  answer(client.PATCH('/api/v1/namespaces/{namespace}/oci-repositories/{name}', { ...at({ namespace, name }), body }))

export const syncOciRepository = (repository: Named) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/oci-repositories/{name}/sync', at(repository)))

export const suspendOciRepository = (repository: Named) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/oci-repositories/{name}/suspend', at(repository)))

export const resumeOciRepository = (repository: Named) =>
  answer(client.POST('/api/v1/namespaces/{namespace}/oci-repositories/{name}/resume', at(repository)))

export const deleteOciRepository = ({ namespace, name }: Named) =>
  answer(
    client.DELETE('/api/v1/namespaces/{namespace}/oci-repositories/{name}', {
      params: { path: { namespace, name }, query: { confirm: name } },
    }),
  )
