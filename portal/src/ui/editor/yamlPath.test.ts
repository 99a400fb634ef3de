import { expect, it } from 'vitest'

import { placeAt } from './yamlPath'

/** The place of `|` in a text. */
function at(text: string) {
  const offset = text.indexOf('|')
  const { path, part, written } = placeAt(text.replace('|', ''), offset)
  return { path: path.join('/'), part, written }
}

it('knows the mapping that a key is written in', () => {
  expect(at('|')).toEqual({ path: '', part: 'key', written: '' })
  expect(at('rep|')).toEqual({ path: '', part: 'key', written: 'rep' })
  expect(at('image:\n  |')).toEqual({ path: 'image', part: 'key', written: '' })
  expect(at('image:\n  tag: 1\n  re|')).toEqual({ path: 'image', part: 'key', written: 're' })
  expect(at('image:\n  tag: 1\nre|')).toEqual({ path: '', part: 'key', written: 're' })
  expect(at('a:\n  b:\n    c: 1\n\n  # note\n  |')).toEqual({ path: 'a', part: 'key', written: '' })
})

it('knows the key whose value is written', () => {
  expect(at('image:\n  pullPolicy: Al|')).toEqual({ path: 'image/pullPolicy', part: 'value', written: 'Al' })
  expect(at('debug: |')).toEqual({ path: 'debug', part: 'value', written: '' })
})

it('counts the items of lists, indented or not', () => {
  expect(at('env:\n- name: a\n- na|')).toEqual({ path: 'env/1', part: 'key', written: 'na' })
  expect(at('env:\n  - name: a\n    value: b\n  - name: c\n    |')).toEqual({ path: 'env/1', part: 'key', written: '' })
  expect(at('env:\n  - name: |')).toEqual({ path: 'env/0/name', part: 'value', written: '' })
  expect(at('args:\n- a\n- b\nx|')).toEqual({ path: '', part: 'key', written: 'x' })
})

it('takes quotes off keys', () => {
  expect(at('"a.b/c":\n  |')).toEqual({ path: 'a.b/c', part: 'key', written: '' })
})
