import { expect, it } from 'vitest'

import { keyReader, type Keys } from './shortcuts'

const press = (key: string, held: Partial<Keys> = {}): Keys => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...held })

it('reads single keys', () => {
  const read = keyReader(['r'])
  expect(read(press('?'))).toBe('list')
  expect(read(press('/'))).toBe('search')
  expect(read(press('x'))).toBeUndefined()
})

it('reads a sequence, once and in time', () => {
  let now = 0
  const read = keyReader(['r', 'n'], () => now)
  expect(read(press('g'))).toBeUndefined()
  expect(read(press('r'))).toBe('go r')
  expect(read(press('r'))).toBeUndefined()
  read(press('g'))
  expect(read(press('n'))).toBe('go n')
  read(press('g'))
  now = 5_000
  expect(read(press('n'))).toBe('add')
})

it('opens the palette with either key of the two, and leaves all else to the browser', () => {
  const read = keyReader(['r'])
  expect(read(press('k', { ctrlKey: true }))).toBe('palette')
  expect(read(press('K', { metaKey: true }))).toBe('palette')
  expect(read(press('n', { ctrlKey: true }))).toBeUndefined()
  expect(read(press('j', { altKey: true }))).toBeUndefined()
})
