import { queryOptions } from '@tanstack/react-query'

import { signal } from '../lib/signal'
import { answer, client, type Schemas } from './client'

/** Who is signed in. */
export const me = queryOptions({
  queryKey: ['me'],
  queryFn: () => answer(client.GET('/api/v1/me')),
  staleTime: 60_000,
})

/** Signs in with a token or with the code of a one-time link. */
export const signIn = (body: Schemas['SignIn']) => answer(client.POST('/api/v1/session', { body }))

export const signOut = () => answer(client.DELETE('/api/v1/session'))

/** Whether the server said, while somebody was at work, that nobody is signed in any more. */
export const sessionEnded = signal(false)
