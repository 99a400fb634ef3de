import { expect, it } from 'vitest'

import { defaultsOf, schemaOfDefaults, schemaOfValues } from './defaults'

const text = `# How many Pods run.
replicaCount: 2

image:
  # -- (string) Tag of the image
  tag: ""
  pullPolicy: IfNotPresent # when it is pulled

## @section Others
## @param extra.list [array] Names to add
extra:
  ## @param extra.list [array] Names to add
  list:
  - a
  empty: {}
`

it('lists the keys with their defaults and comments', () => {
  expect(defaultsOf(text).map(({ path, text: of, comment }) => [path.join('.'), of, comment])).toEqual([
    ['replicaCount', '2', 'How many Pods run.'],
    ['image.tag', '""', 'Tag of the image'],
    ['image.pullPolicy', 'IfNotPresent # when it is pulled', 'when it is pulled'],
    ['extra.list', '- a', 'Names to add'],
    ['extra.empty', '{}', ''],
  ])
  expect(defaultsOf('- no\n- mapping\n')).toEqual([])
})

it('makes a schema of them that refuses nothing', () => {
  expect(schemaOfDefaults('a:\n  # of b\n  b: 1\n')).toEqual({
    properties: { a: { properties: { b: { description: 'of b', default: 1 } } } },
  })
  expect(schemaOfDefaults('__proto__:\n  polluted: 1\n')).not.toHaveProperty('polluted')
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

it('adds them and the dependencies to the schema of the chart', () => {
  const own = { type: 'object', $defs: {}, allOf: [{ type: 'object' }] }
  const derived = {
    properties: { db: { description: 'Values of the dependency db.', type: 'object' }, a: { default: 1 } },
  }
  const chart = { values: 'a: 1\n', dependencies: [{ name: 'postgresql', alias: 'db' }] }
  expect(schemaOfValues({ ...chart, schema: own })).toEqual({ ...own, allOf: [{ type: 'object' }, derived] })
  expect(schemaOfValues(chart)).toEqual(derived)
})
