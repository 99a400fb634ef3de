import { describe, expect, it } from 'vitest'

import { asked, inside, isNarrowed, tableView, widened } from './search'

describe('tableView', () => {
  it('keeps what a table understands', () => {
    const search = { search: 'web', state: 'Failed', app: 'shop', source: 'samples', sort: '-name', page: 2, pageSize: 50 }
    expect(tableView({ ...search, action: 'update' })).toEqual(search)
  })

  it('drops what no table can show', () => {
    const nothing = tableView({ search: '', state: {}, app: [], sort: {}, page: 0, pageSize: 10_000 })
    expect(Object.values(nothing).every((value) => value === undefined)).toBe(true)
  })

  it('reads words that look like something else', () =>
    expect(tableView({ search: 12, app: true })).toMatchObject({ search: '12', app: 'true' }))
})

it('knows when rows are hidden, and how to show them', () => {
  expect(isNarrowed({ sort: 'name', page: 3 })).toBe(false)
  expect(isNarrowed({ state: 'Failed' })).toBe(true)
  expect(isNarrowed(widened({ search: 'a', state: 'b', app: 'c', source: 'd', page: 2 }))).toBe(false)
  expect(widened({ sort: '-name', search: 'a' }).sort).toBe('-name')
})

it('asks for the best hits first', () => {
  expect(asked({ search: 'web' }).sort).toBe('match')
  expect(asked({ search: 'web', sort: '-name' }).sort).toBe('-name')
  expect(asked({ state: 'Failed' }).sort).toBeUndefined()
})

describe('inside', () => {
  it.each(['/k8s/helm/release?namespace=a', '/'])('keeps %s', (path) => expect(inside(path)).toBe(path))
  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '', undefined, {}])(
    'drops %s',
    (path) => expect(inside(path)).toBeUndefined(),
  )
})
