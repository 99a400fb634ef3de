import { expect, it } from 'vitest'

import { valueAt, withValueAt } from './yamlEdit'

const text = '# of the team\ninstall:\n  remediation:\n    retries: 3 # enough\nmaxHistory: 5\n'

it('reads a value at a path', () => {
  expect(valueAt(text, ['install', 'remediation', 'retries'])).toBe(3)
  expect(valueAt(text, ['install'])).toEqual({ remediation: { retries: 3 } })
  expect(valueAt(text, ['upgrade', 'remediation'])).toBeUndefined()
  expect(valueAt('a: [', ['a'])).toBeUndefined()
  expect(valueAt('', ['a'])).toBeUndefined()
})

it('sets a value and keeps comments and the rest', () => {
  expect(withValueAt(text, ['maxHistory'], 7)).toBe(text.replace('5', '7'))
  expect(withValueAt(text, ['upgrade', 'force'], true)).toBe(`${text}upgrade:\n  force: true\n`)
  expect(withValueAt('', ['a', 'b'], 'yes')).toBe('a:\n  b: "yes"\n')
  expect(withValueAt('# note\n', ['a'], 1)).toBe('# note\na: 1\n')
  expect(withValueAt('a: text\n', ['a', 'b'], 1)).toBe('a:\n  b: 1\n')
  expect(withValueAt('a:\n', ['a', 'b'], 1)).toBe('a:\n  b: 1\n')
})

it('takes a value away with what is empty then', () => {
  expect(withValueAt(text, ['install', 'remediation', 'retries'], undefined)).toBe('maxHistory: 5\n')
  expect(withValueAt('a:\n  b: 1\n', ['a', 'b'], undefined)).toBe('')
  expect(withValueAt(text, ['nothing', 'here'], undefined)).toBe(text)
})

it('leaves a text that is no YAML, or no mapping, as it is', () => {
  expect(withValueAt('a: [', ['b'], 1)).toBe('a: [')
  expect(withValueAt('- a\n', ['b'], 1)).toBe('- a\n')
})
