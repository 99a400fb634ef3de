import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'

import type { Schemas } from './client'

type Change = Schemas['Change']

/** Query keys begin with the kind they show, so that a change finds them. */
export const kinds = {
  HelmRepository: 'repositories',
  OCIRepository: 'oci-repositories',
  HelmRelease: 'releases',
  Workload: 'services',
} as const

export type Connection = 'connecting' | 'live' | 'lost'

let connection: Connection = 'connecting'
const listeners = new Set<() => void>()

function report(next: Connection) {
  if (next === connection) return
  connection = next
  for (const listener of listeners) listener()
}

/** Whether changes arrive as they happen. */
export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => connection,
  )
}

/** How long changes are gathered before lists are asked for again: a burst is one request. */
const GATHER_MS = 250

/** Follows the server's stream while the component is shown and refreshes what a change concerns. */
export function useLive(namespace: string | undefined, signedOut: () => void) {
  const queries = useQueryClient()
  useEffect(() => follow(queries, namespace, signedOut), [queries, namespace, signedOut])
}

function follow(queries: QueryClient, namespace: string | undefined, signedOut: () => void): () => void {
  const query = namespace ? `?namespace=${encodeURIComponent(namespace)}` : ''
  const source = new EventSource(`/api/v1/stream${query}`)
  const stale = new Set<string>()
  let timer: number | undefined

  const refresh = (key: string) => {
    stale.add(key)
    timer ??= window.setTimeout(() => {
      timer = undefined
      for (const name of stale) void queries.invalidateQueries({ queryKey: [name] })
      stale.clear()
    }, GATHER_MS)
  }

  // The server names its events.
  source.addEventListener('change', (event: MessageEvent<string>) => {
    const change = JSON.parse(event.data) as Change
    if (change.type === 'signedOut') return signedOut()
    report('live')
    if (change.type === 'forbidden') return
    const kind = change.kind as keyof typeof kinds | null | undefined
    for (const key of kind ? [kinds[kind]] : Object.values(kinds)) refresh(key)
  })
  source.addEventListener('open', () => report('live'))
  source.addEventListener('error', () => report('lost'))
  return () => {
    source.close()
    window.clearTimeout(timer)
  }
}
