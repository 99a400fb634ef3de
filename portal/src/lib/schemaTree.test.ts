import { describe, expect, it } from 'vitest'

import { describedBy, propertiesOf } from './schemaTree'

const schema = {
  type: 'object',
  required: ['image'],
  definitions: {
    port: { type: 'integer', minimum: 1, maximum: 65535, description: 'A port.' },
    node: { type: 'object', properties: { next: { $ref: '#/definitions/node' } } },
    circle: { $ref: '#/definitions/circle' },
    'a/b': { type: 'boolean' },
  },
  properties: {
    image: { type: 'object', properties: { tag: { type: ['string', 'null'], default: '' } }, additionalProperties: false },
    port: { $ref: '#/definitions/port', default: 80 },
    kind: { enum: ['a', 'b'] },
    hosts: { type: 'array', items: { type: 'string' } },
    node: { $ref: '#/definitions/node' },
    circle: { $ref: '#/definitions/circle' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    escaped: { $ref: '#/definitions/a~1b' },
    elsewhere: { $ref: 'https://example.com/schema.json' },
    choice: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
  },
}

describe('the properties of a schema', () => {
  const found = Object.fromEntries(propertiesOf(schema, schema).map((property) => [property.name, property]))

  it('say type, default, whether they are required, and the rules in words', () => {
    expect(found.image).toMatchObject({ type: 'object', required: true, rules: ['no further keys'] })
    expect(found.port).toMatchObject({
      type: 'integer',
      required: false,
      default: '80',
      description: 'A port.',
      rules: ['at least 1', 'at most 65535'],
    })
    expect(found.kind).toMatchObject({ type: 'any', rules: ['one of "a", "b"'] })
    expect(found.hosts?.type).toBe('list of string')
    expect(found.escaped?.type).toBe('boolean')
  })

  it('are followed one step at a time, so that circles have no end to reach', () => {
    const [next] = propertiesOf(found.node?.schema, schema)
    expect(next?.name).toBe('next')
    expect(propertiesOf(next?.schema, schema)[0]?.name).toBe('next')
    expect(found.circle?.type).toBe('any')
    expect(propertiesOf(found.circle?.schema, schema)).toEqual([])
  })

  it('name items, further keys and alternatives', () => {
    expect(propertiesOf(found.hosts?.schema, schema).map(({ name }) => name)).toEqual(['each item'])
    expect(propertiesOf(found.labels?.schema, schema).map(({ name }) => name)).toEqual(['any key'])
    expect(propertiesOf(found.choice?.schema, schema).map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'either 1: string',
      'either 2: integer',
    ])
  })

  it('leave a reference to another place as it is', () => expect(found.elsewhere?.type).toBe('https://example.com/schema.json'))
})

it('explains a value by its path', () => {
  expect(describedBy(schema, ['port'])).toBe('A port.')
  expect(describedBy(schema, ['image', 'tag'])).toBeUndefined()
  expect(describedBy(schema, ['toString'])).toBeUndefined()
  expect(describedBy(undefined, ['port'])).toBeUndefined()
})
