import createClient, { type Middleware } from 'openapi-fetch'

import type { components, paths } from './schema'
import { ProblemError, type Problem } from './problem'

export type Schemas = components['schemas']

/** Carried by every changing request; a foreign page cannot set it. */
const REQUEST_HEADER = 'x-pilothouse-request'

const sameOrigin: Middleware = {
  onRequest({ request }) {
    request.headers.set(REQUEST_HEADER, '1')
    return request
  },
}

export const client = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' })
client.use(sameOrigin)

/** The data of an answer; a refusal is thrown as the server's problem. */
export async function answer<T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await request.catch((cause: unknown) => {
    throw new ProblemError({
      type: 'urn:pilothouse:problem:unreachable',
      title: 'No answer',
      status: 0,
      detail: 'The server does not answer.',
      hint: 'Does it still run? The page tries again by itself.',
    }, cause)
  })
  if (response.ok) return data as T
  const problem = error as Partial<Problem> | undefined
  throw new ProblemError({
    // Some sorts of problem have members of their own, such as `excerpt`.
    ...problem,
    type: problem?.type ?? 'urn:pilothouse:problem:unknown',
    title: problem?.title ?? 'The request failed',
    status: response.status,
    detail: problem?.detail ?? `The server answered ${response.status} ${response.statusText}.`,
  })
}
