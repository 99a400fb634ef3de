import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'

import { isForbidden, isSignedOut, ProblemError } from './problem'
import { sessionEnded } from './session'

const noticeSignedOut = (error: unknown) => {
  if (isSignedOut(error)) sessionEnded.set(true)
}

/** Asking again does not change a refusal; it may help where the server did not answer. */
function retry(count: number, error: unknown) {
  const refused = error instanceof ProblemError && error.status >= 400 && error.status < 500
  return !refused && !isForbidden(error) && count < 2
}

/** All that was read from the server. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeSignedOut }),
  mutationCache: new MutationCache({ onError: noticeSignedOut }),
  defaultOptions: {
    queries: {
      // Changes arrive by the stream; asking again on focus only covers a lost connection.
      staleTime: 10_000,
      retry,
    },
  },
})
