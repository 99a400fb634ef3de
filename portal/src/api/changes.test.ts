import { QueryClient } from '@tanstack/react-query'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { applyChanges, concerns, patched, type Change } from './changes'

const row = { namespace: 'team', name: 'web', resourceVersion: '9', releases: 3, newer: { version: '2.0.0' } }
const page = { items: [{ namespace: 'team', name: 'api', resourceVersion: '4' }, row], total: 2 }

describe('patched', () => {
  it('changes one row in its place and leaves the others alone', () => {
    const next = patched(page, { namespace: 'team', name: 'web', resourceVersion: '10' })
    expect(next?.items[0]).toBe(page.items[0])
    expect(next?.items[1]).toMatchObject({ resourceVersion: '10', releases: 3, newer: { version: '2.0.0' } })
  })

  it('forgets the newer version when another one is deployed', () => {
    const item = { namespace: 'team', name: 'web', resourceVersion: '10', deployed: { chartVersion: '2.0.0' } }
    expect(patched(page, item)?.items[1]).not.toHaveProperty('newer')
  })

  it('keeps what is newer already, and what it does not hold', () => {
    expect(patched(page, { namespace: 'team', name: 'web', resourceVersion: '8' })).toBeUndefined()
    expect(patched(page, { namespace: 'other', name: 'web' })).toBeUndefined()
    expect(patched(undefined, { namespace: 'team', name: 'web' })).toBeUndefined()
  })
})

describe('concerns', () => {
  const change = { type: 'applied', kind: 'HelmRelease', namespace: 'team', name: 'web', item: {} } as Change
  it.each([
    [['releases', 'one', 'team', 'web'], true],
    [['releases', 'diff', 'team', 'web', 1, 2], true],
    [['releases', 'one', 'team', 'api'], false],
    [['releases', 'dependents', 'team', 'samples'], true],
    [['releases', 'list', 'team', {}], false],
    [['repositories', 'one', 'team', 'web'], false],
  ])('%j: %s', (key, expected) => expect(concerns(key, 'releases', change)).toBe(expected))
})

describe('applyChanges', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('window', globalThis)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('asks once for a burst, and patches at once', () => {
    const queries = new QueryClient()
    queries.setQueryData(['releases', 'list', 'team', {}], page)
    const asked = vi.spyOn(queries, 'invalidateQueries')
    const changes = applyChanges(queries)
    for (let version = 10; version < 60; version++) {
      const item = { namespace: 'team', name: 'web', resourceVersion: String(version) }
      changes.take({ type: 'applied', kind: 'HelmRelease', namespace: 'team', name: 'web', item } as unknown as Change)
    }
    expect(queries.getQueryData<typeof page>(['releases', 'list', 'team', {}])?.items[1]?.resourceVersion).toBe('59')
    vi.advanceTimersByTime(300)
    expect(asked.mock.calls.filter(([filter]) => filter?.queryKey?.[1] === 'list')).toHaveLength(1)
    changes.stop()
  })

  it('loads all again when changes may have been missed', () => {
    const queries = new QueryClient()
    const asked = vi.spyOn(queries, 'invalidateQueries')
    applyChanges(queries).take({ type: 'reset', kind: 'HelmRelease', item: {} } as Change)
    expect(asked).toHaveBeenCalledExactlyOnceWith({ queryKey: ['releases'] })
  })
})
