import { expect, it } from 'vitest'

import { tableView } from './search'

it('keeps what a table understands', () => {
  expect(tableView({ search: 'web', sort: '-name', page: 2, pageSize: 50 })).toEqual({
    search: 'web',
    sort: '-name',
    page: 2,
    pageSize: 50,
  })
})

it('drops what no table can show', () => {
  expect(tableView({ search: '', sort: {}, page: 0, pageSize: 10_000 })).toEqual({
    search: undefined,
    sort: undefined,
    page: undefined,
    pageSize: undefined,
  })
})
