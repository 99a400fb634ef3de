import type { QueryClient, QueryKey } from '@tanstack/react-query'

import type { Schemas } from './client'

export type Change = Schemas['Change']

/** Query keys begin with the kind they show, so that a change finds them. */
export const kinds = {
  HelmRepository: 'repositories',
  OCIRepository: 'oci-repositories',
  HelmRelease: 'releases',
  Workload: 'services',
} as const

type Kind = keyof typeof kinds
type Row = { kind?: string; namespace: string; name: string; resourceVersion?: string }
type Page = { items: Row[]; total: number }

function isKind(kind: string | null | undefined): kind is Kind {
  return kind !== undefined && kind !== null && kind in kinds
}

/** Versions of objects are numbers that may exceed JavaScript's. */
function isOlder(version: string | undefined, than: string | undefined): boolean {
  const number = /^\d+$/
  return Boolean(version && than && number.test(version) && number.test(than) && BigInt(version) < BigInt(than))
}

/** What lists add to an object and the stream does not know, as long as it can still be true. */
function withKept(row: Record<string, unknown>, item: Record<string, unknown>) {
  const version = (of: Record<string, unknown>) => (of.deployed as { chartVersion?: string } | null)?.chartVersion
  const kept: Record<string, unknown> = { ...item }
  kept.releases ??= row.releases
  if (version(row) === version(item)) kept.newer ??= row.newer
  return kept
}

/** The page with the changed row in its place; nothing where the page does not hold it or knows it newer. */
export function patched(page: Page | undefined, item: Row): Page | undefined {
  const at = page?.items.findIndex(
    ({ kind, namespace, name }) => kind === item.kind && namespace === item.namespace && name === item.name,
  )
  if (!page || at === undefined || at < 0) return undefined
  const row = page.items[at]
  if (!row || isOlder(item.resourceVersion, row.resourceVersion)) return undefined
  return { ...page, items: page.items.with(at, withKept(row, item) as Row) }
}

/**
 * Whether a query shows the changed object in detail.
 * Keys are `[kind, what, namespace, name, …]`; a shorter one, or one about what depends on an object, may be concerned.
 */
export function concerns(key: QueryKey, name: string, change: Change): boolean {
  if (key[0] !== name || key[1] === 'list') return false
  if (key.length < 4 || key[1] === 'dependents') return true
  return key[2] === change.namespace && key[3] === change.name
}

/** Details are asked for again soon. */
const DETAIL_MS = 250
/** Rows are changed in place at once; total, counts and order follow at most this often. */
const LIST_MS = 2_000

/** Brings changes into what was read: single rows at once, details and whole lists gathered. */
export function applyChanges(queries: QueryClient) {
  const details = gather(DETAIL_MS, DETAIL_MS, (changes: Change[]) => {
    void queries.invalidateQueries({ predicate: ({ queryKey }) => changes.some((change) => isDetail(queryKey, change)) })
  })
  const lists = gather(DETAIL_MS, LIST_MS, (names: string[]) => {
    for (const name of new Set(names)) void queries.invalidateQueries({ queryKey: [name, 'list'] })
  })
  return {
    take(change: Change) {
      if (change.type === 'ready' || change.type === 'reset') {
        for (const name of isKind(change.kind) ? [kinds[change.kind]] : Object.values(kinds)) {
          void queries.invalidateQueries({ queryKey: [name] })
        }
      }
      if (!isKind(change.kind) || (change.type !== 'applied' && change.type !== 'deleted')) return
      const name = kinds[change.kind]
      const known = change.type === 'applied' && patch(queries, name, change.item as unknown as Row)
      lists.add(name)
      // Repositories say how many releases use them.
      if (change.kind === 'HelmRelease' && !known) for (const one of ['repositories', 'oci-repositories']) lists.add(one)
      if (change.kind === 'HelmRepository') lists.add('charts')
      details.add(change)
    },
    stop() {
      details.stop()
      lists.stop()
    },
  }
}

function patch(queries: QueryClient, name: string, item: Row): boolean {
  let known = false
  queries.setQueriesData<Page>({ queryKey: [name, 'list'] }, (page) => {
    const next = patched(page, item)
    known ||= next !== undefined
    return next
  })
  return known
}

function isDetail(key: QueryKey, change: Change): boolean {
  if (!isKind(change.kind)) return false
  if (concerns(key, kinds[change.kind], change)) return true
  // A workload is part of its release.
  const release = (change.item as { release?: { namespace: string; name: string } } | undefined)?.release
  return Boolean(
    release && key[0] === 'releases' && key[1] === 'resources' && key[2] === release.namespace && key[3] === release.name,
  )
}

/** Collects for a short while, longer when the last time is not long ago; waits while nobody looks. */
function gather<T>(soonMs: number, apartMs: number, run: (all: T[]) => void) {
  let waiting: T[] = []
  let timer: number | undefined
  let last = 0
  const flush = () => {
    timer = undefined
    last = Date.now()
    const all = waiting
    waiting = []
    run(all)
  }
  return {
    add(one: T) {
      waiting.push(one)
      timer ??= window.setTimeout(flush, Math.max(soonMs, last + apartMs - Date.now()))
    },
    stop() {
      window.clearTimeout(timer)
      // What was heard of must not be forgotten with the stream.
      if (waiting.length > 0) flush()
    },
  }
}
