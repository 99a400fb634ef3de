import { inject } from 'vitest'

const { url, adminToken, registry } = inject('stand')

/** Asks the API as the administrator: to prepare what a test is not about. */
export async function api<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
  return (text ? JSON.parse(text) : undefined) as T
}

type Stateful = { status: { state: string; message?: string } }

/** Waits until an object is in that state. */
export async function becomes(path: string, state: string) {
  const began = Date.now()
  for (;;) {
    const one = await api<Stateful>('GET', path)
    if (one.status.state === state) return
    if (Date.now() - began > 45_000) throw new Error(`${path} is ${one.status.state}, not ${state}: ${one.status.message}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Registers the registry of the sample charts under a name, and waits for its charts. */
export async function addRepository(name: string) {
  await api('POST', '/namespaces/default/repositories', {
    name,
    type: 'oci',
    url: `oci://${registry}/charts`,
    insecure: true,
    charts: ['webapp', 'queue-worker', 'hostile', 'many', 'broken-template'],
  })
  await becomes(`/namespaces/default/repositories/${name}`, 'Ready')
}

/** Deploys a chart of that repository, and waits until it is ready. */
export async function addRelease(name: string, repository: string, chart: string, version?: string) {
  await api('POST', '/namespaces/default/releases', { name, chart: { sourceName: repository, name: chart, version } })
  await becomes(`/namespaces/default/releases/${name}`, 'Ready')
}
