import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'

import { signal } from '../lib/signal'
import { applyChanges, type Change } from './changes'
import { me, sessionEnded } from './session'

export { kinds } from './changes'

/** Whether changes arrive as they happen, and since when. */
export type Connection = { state: 'connecting' | 'live' | 'lost'; since: number }

const connection = signal<Connection>({ state: 'connecting', since: Date.now() })

function report(state: Connection['state']) {
  if (connection.get().state !== state) connection.set({ state, since: Date.now() })
}

export const useConnection = connection.use

/** Kinds whose changes the signed-in person may not follow in all namespaces. */
const refused = signal(false)

/** Whether only the changes of single namespaces can be followed. */
export const useOnlyNamespaces = refused.use

/** Seconds before a stream that the server refused is asked for again; the last one is repeated. */
const PAUSES = [1, 2, 5, 10, 30]

/** The server says at least every 15 seconds that it is there; a way that was cut in silence is noticed by this. */
const SILENCE_MS = 45_000

let again: (() => void) | undefined

/** Asks for the stream at once instead of at the next attempt. */
export function reconnect() {
  again?.()
}

/** Follows the server's stream while the component is shown and somebody is signed in. */
export function useLive(namespace: string | undefined) {
  const queries = useQueryClient()
  const ended = sessionEnded.use()
  useEffect(() => (ended ? undefined : follow(queries, namespace)), [queries, namespace, ended])
}

function follow(queries: QueryClient, namespace: string | undefined): () => void {
  const query = namespace ? `?namespace=${encodeURIComponent(namespace)}` : ''
  const changes = applyChanges(queries)
  let source: EventSource | undefined
  let failures = 0
  let timer: number | undefined
  let silence: number | undefined

  const open = () => {
    window.clearTimeout(timer)
    window.clearTimeout(silence)
    source?.close()
    source = new EventSource(`/api/v1/stream${query}`)
    source.addEventListener('open', opened)
    source.addEventListener('error', failed)
    // The server names its events.
    source.addEventListener('change', heard)
    source.addEventListener('alive', alive)
  }
  const alive = () => {
    report('live')
    window.clearTimeout(silence)
    silence = window.setTimeout(() => {
      report('lost')
      open()
    }, SILENCE_MS)
  }
  const opened = () => {
    failures = 0
    alive()
  }
  const failed = () => {
    report('lost')
    // The browser goes on by itself after a cut, but not after a refusal.
    if (source?.readyState !== EventSource.CLOSED) return
    // A refusal may mean that the session ended.
    void queries.query({ ...me, staleTime: 0, retry: false }).catch(() => undefined)
    timer = window.setTimeout(open, (PAUSES[Math.min(failures, PAUSES.length - 1)] ?? 30) * 1000)
    failures += 1
  }
  const heard = (event: MessageEvent<string>) => {
    const change = JSON.parse(event.data) as Change
    alive()
    if (change.type === 'signedOut') return sessionEnded.set(true)
    if (change.type === 'forbidden' && !namespace) refused.set(true)
    changes.take(change)
  }
  const offline = () => report('lost')

  open()
  again = open
  window.addEventListener('online', open)
  window.addEventListener('offline', offline)
  return () => {
    again = undefined
    source?.close()
    changes.stop()
    window.clearTimeout(timer)
    window.clearTimeout(silence)
    window.removeEventListener('online', open)
    window.removeEventListener('offline', offline)
  }
}
