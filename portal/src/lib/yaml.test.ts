import { describe, expect, it } from 'vitest'

import { parseYaml, readDocument, toYaml, writeNode } from './yaml'

describe('parseYaml', () => {
  it('reads plain scalars as Helm does', () => {
    expect(parseYaml('a: yes\nb: 0777\nc: 12:30\nd: 2001-01-01\ne: "no"\n')).toEqual({
      value: { a: true, b: 511, c: '12:30', d: '2001-01-01', e: 'no' },
    })
  })

  it('names the line of what is wrong', () => {
    expect(parseYaml('a: 1\nb: [1,\nc: 2\n')).toMatchObject({ line: expect.any(Number), error: expect.any(String) })
    expect(parseYaml('a: 1\na: 2\n')).toMatchObject({ line: 2 })
  })

  it('has no value for an empty text', () => {
    expect(parseYaml('# only a comment\n')).toEqual({ value: undefined })
  })

  it('refuses a text that grows without bound', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...'bcdefgh'.split('').map((name, at) => {
      const before = 'abcdefg'[at]
      return `${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(',')}]`
    })].join('\n')
    expect(parseYaml(bomb).error).toContain('alias')
  })
})

describe('toYaml', () => {
  it('quotes texts that another version of YAML reads as something else', () => {
    expect(toYaml({ a: 'yes', b: '1', c: '0o17', d: 'plain' })).toBe('a: "yes"\nb: "1"\nc: "0o17"\nd: plain\n')
  })

  it('is read back as the same value', () => {
    const value = { list: [1, 'two', { three: null }], text: 'a\nb\n', 'odd: key': '# no comment' }
    expect(parseYaml(toYaml(value))).toEqual({ value })
  })
})

describe('writeNode', () => {
  it('keeps comments', () => {
    const { document } = readDocument('spec:\n  values:\n    # how many\n    replicas: 2 # two\n')
    expect(writeNode(document.getIn(['spec', 'values'], true))).toBe('# how many\nreplicas: 2 # two\n')
  })
})
