import { describe, expect, it } from 'vitest'

import { indexValues, searchSettings } from './valuesIndex'

const values = `# Default values of the chart.

# How many Pods serve.
replicaCount: 2

image:
  # Registry and name.
  repository: registry.example/web
  tag: "" # the appVersion where empty

## @section Service
## @param service.port [number] Port of the Service
service:
  port: 80
  annotations: {}

# -- Where the Pods may run.
# Several lines.
tolerations:
- key: a
  operator: Exists

"a.b":
  c d: ~
`

describe('the settings of a chart', () => {
  const { settings, error, complete } = indexValues(values)
  const of = (path: string) => settings.find((setting) => setting.path === path)

  it('have a path, a default and what is said about them', () => {
    expect(error).toBeUndefined()
    expect(complete).toBe(true)
    expect(of('replicaCount')).toEqual({
      path: 'replicaCount',
      keys: ['replicaCount'],
      default: '2',
      comment: 'How many Pods serve.',
    })
    expect(of('image.repository')).toMatchObject({ default: '"registry.example/web"', comment: 'Registry and name.' })
    expect(of('image.tag')).toMatchObject({ default: '""', comment: 'the appVersion where empty' })
    expect(of('service.annotations')?.default).toBe('{}')
    expect(of('"a.b"."c d"')?.default).toBe('null')
  })

  it('understand the marks of documentation tools', () => {
    expect(of('service.port')?.comment).toBe('Port of the Service')
    expect(of('tolerations')).toMatchObject({
      default: '- key: a\n  operator: Exists',
      comment: 'Where the Pods may run.\nSeveral lines.',
    })
    expect(of('service')).toBeUndefined()
  })

  it('are found by every word of a question', () => {
    expect(searchSettings(settings, 'port SERVICE').map(({ path }) => path)).toEqual(['service.port'])
    expect(searchSettings(settings, 'registry.example').map(({ path }) => path)).toEqual(['image.repository'])
    expect(searchSettings(settings, ' ')).toHaveLength(settings.length)
  })
})

it('says where a text is no YAML, and gives what could be read', () => {
  const { settings, error } = indexValues('a: 1\nb: [\n')
  expect(error?.line).toBeGreaterThan(1)
  expect(settings[0]?.path).toBe('a')
})

it('bounds what it takes from a hostile chart', () => {
  const many = indexValues(Array.from({ length: 6_000 }, (_, key) => `k${key}: 1`).join('\n'))
  expect(many.settings).toHaveLength(5_000)
  expect(many.complete).toBe(false)
  expect(indexValues('a: &a [1]\nb: *a').settings[1]?.default).toBe('*a')
})

it('takes nothing from a file without keys', () => {
  expect(indexValues('').settings).toEqual([])
  expect(indexValues('# only a comment\n').settings).toEqual([])
  expect(indexValues('- a').settings).toEqual([])
})
