import { describe, expect, it } from 'vitest'

import { described, propertiesAt, schemasAt, unknownKeys } from './schema'
import { findings } from './validate'

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['image'],
  properties: {
    replicas: { type: 'integer', minimum: 1, description: 'How many Pods run.', default: 1 },
    image: { $ref: '#/$defs/image' },
    env: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
    size: { anyOf: [{ type: 'string', enum: ['small', 'large'] }, { type: 'integer' }] },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  },
  $defs: {
    image: { type: 'object', properties: { tag: { type: 'string' }, pull: { enum: ['Always', 'Never'] } } },
  },
}

describe('what a schema says', () => {
  it('of the keys of a mapping, through references', () => {
    expect(propertiesAt(schema, ['image']).map(({ name }) => name)).toEqual(['tag', 'pull'])
    expect(propertiesAt(schema, []).find(({ name }) => name === 'image')?.required).toBe(true)
    expect(propertiesAt(schema, ['env', 3]).map(({ name }) => name)).toEqual(['name'])
  })

  it('of a value', () => {
    expect(described(schemasAt(schema, ['replicas']))).toMatchObject({
      types: ['integer'],
      description: 'How many Pods run.',
      default: 1,
    })
    expect(described(schemasAt(schema, ['size'])).choices).toEqual(['small', 'large'])
  })

  it('also where it refers to itself', () => {
    const endless = { $ref: '#', properties: { next: { $ref: '#' } } }
    expect(propertiesAt(endless, ['next', 'next']).map(({ name }) => name)).toEqual(['next'])
    expect(findings(endless, { next: { next: {} } })).toEqual([])
  })
})

describe('what is wrong with values', () => {
  const told = (value: unknown) => findings(schema, value).map(({ path, message }) => `${path.join('.')}: ${message}`)

  it('is told at its place', () => {
    expect(told({ replicas: 'two' })).toEqual(['replicas: This is a text; the chart wants a whole number.'])
    expect(told({ replicas: 0 })).toEqual(['replicas: The number must be at least 1.'])
    expect(told({ image: { pull: 'Sometimes' } })).toEqual(['image.pull: The chart knows "Always", "Never" here.'])
    expect(told({ labels: { a: 1 } })).toEqual(['labels.a: This is a whole number; the chart wants a text.'])
    expect(told({ env: [{ name: 'a' }, { name: 1 }] })).toEqual(['env.1.name: This is a whole number; the chart wants a text.'])
  })

  it('names the key that was meant', () => {
    expect(told({ replica: 2 })).toEqual(['replica: The chart knows no `replica` here; did you mean `replicas`?'])
  })

  it('is nothing where a default is only not repeated or removed', () => {
    expect(told({})).toEqual([])
    expect(told({ image: null, global: { a: 1 } })).toEqual([])
  })

  it('is told once where a choice of forms fits none', () => {
    expect(told({ size: true })).toEqual(['size: None of the forms that the chart allows here fits.'])
    expect(told({ size: 3 })).toEqual([])
  })
})

it('remarks on keys that nothing knows, where some are known', () => {
  const open = {
    properties: {
      image: { properties: { tag: {} } },
      nodeSelector: { type: 'object' },
      labels: { properties: { a: {} }, additionalProperties: { type: 'string' } },
      list: { items: { properties: { name: {} } } },
    },
  }
  const value = {
    image: { tag: 1, tagg: 2 },
    nodeSelector: { any: 1 },
    labels: { b: '1' },
    list: [{ name: 1 }, { nam: 1 }],
    global: {},
    old: { inner: 1 },
  }
  expect(unknownKeys(open, value).map((path) => path.join('.'))).toEqual(['image.tagg', 'list.1.nam', 'old'])
  expect(unknownKeys({}, value)).toEqual([])
})
