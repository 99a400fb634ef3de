import { expect, it } from 'vitest'

import { rowsOf } from './origins'

it('gives each value its row and layer', () => {
  const computed = { image: { tag: '1.10' }, list: [1, 2], empty: {}, 'odd.key': true }
  const origins = { 'image.tag': 1, list: 0, empty: 0, 'odd.key': 2 }
  expect(rowsOf({ computed, origins })).toEqual([
    { path: 'image.tag', text: '"1.10"', layer: 1 },
    { path: 'list', text: '- 1\n- 2', layer: 0 },
    { path: 'empty', text: '{}', layer: 0 },
    { path: 'odd.key', text: 'true', layer: 2 },
  ])
})
