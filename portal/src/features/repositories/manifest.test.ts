import { describe, expect, test } from 'vitest'

import { parseYaml, toYaml } from '../../lib/yaml'
import { emptyRepository, problems, toUpdate, typeOf, type RepositoryForm } from './form'
import { fromManifest, toManifest } from './manifest'

const oci: RepositoryForm = {
  ...emptyRepository,
  namespace: 'team',
  name: 'charts',
  type: 'oci',
  url: 'oci://ghcr.io/my-org/charts',
}

const read = (text: string, before = oci, context = {}) => fromManifest(parseYaml(text).value, before, context)
const there = (form: RepositoryForm, context = {}) => read(toYaml(toManifest(form, context)), form, context)

const manifest = (spec: string) => `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: team}
spec: {${spec}}`

describe('a form and its YAML are one object', () => {
  test.each<[string, Partial<RepositoryForm>]>([
    ['bare', {}],
    ['of the type default', { type: 'default', url: 'https://charts.example.com', passCredentials: true }],
    ['with everything', { insecure: true, charts: 'web\nteam/api', timeout: '2m', labels: 'a=1\nb=', suspended: true, interval: '00:30' }],
    ['with a long interval', { interval: '2h' }],
    ['with a Secret', { credentials: { ...oci.credentials, kind: 'secret', secretName: 'pull' } }],
    ['with a cloud', { credentials: { ...oci.credentials, kind: 'provider', provider: 'gcp' } }],
    ['with certificates of a Secret', { certificate: { ...oci.certificate, kind: 'secret', secretName: 'tls' } }],
  ])('%s', (_, fields) => {
    const form = { ...oci, ...fields }
    expect(there(form)).toEqual({ form })
  })

  test('typed secrets stay in the form and never come into the YAML', () => {
    const form: RepositoryForm = {
      ...oci,
      credentials: { ...oci.credentials, kind: 'basic', username: 'robot', password: 'hunter2', token: 'hunter3' },
      certificate: { ...oci.certificate, kind: 'paste', authority: 'PEM', clientKey: 'hunter4' },
    }
    const text = toYaml(toManifest(form))
    expect(text).not.toMatch(/hunter|robot|PEM/)
    expect(there(form)).toEqual({ form })
  })

  test('a Secret in the YAML replaces what was typed', () => {
    const typed: RepositoryForm = { ...oci, credentials: { ...oci.credentials, kind: 'basic', password: 'x' } }
    const result = read(manifest('url: "oci://ghcr.io/x", secretRef: {name: pull}'), typed)
    expect('form' in result && result.form.credentials).toMatchObject({ kind: 'secret', secretName: 'pull' })
  })

  test('the stored Secret stays the stored one', () => {
    const stored: RepositoryForm = { ...oci, credentials: { ...oci.credentials, kind: 'keep', secretName: 'charts-credentials' } }
    expect(there(stored, { stored })).toEqual({ form: stored })
    const removed = read(manifest('url: "oci://ghcr.io/x"'), stored, { stored })
    expect('form' in removed && removed.form.credentials.kind).toBe('none')
  })
})

describe('what the form cannot hold is refused by its name', () => {
  const problem = (text: string, context = {}) => {
    const result = read(text, oci, context)
    return 'problem' in result ? result.problem : undefined
  }

  test.each([
    ['spec.accessFrom', manifest('url: "oci://x/y", accessFrom: {namespaceSelectors: []}')],
    ['spec.secretRef.key', manifest('url: "oci://x/y", secretRef: {name: a, key: b}')],
    ['status', `${manifest('url: "oci://x/y"')}\nstatus: {}`],
    ['metadata.annotations', manifest('url: "oci://x/y"').replace('namespace: team', 'annotations: {a: b}')],
  ])('%s', (path, text) => expect(problem(text)).toContain(`“${path}”`))

  test.each([
    ['kind', manifest('url: "oci://x/y"').replace('HelmRepository', 'HelmRelease')],
    ['spec.insecure', manifest('url: "oci://x/y", insecure: "yes"')],
    ['spec.charts', manifest('url: "oci://x/y", charts: web')],
    ['spec.type', manifest('url: "oci://x/y", type: git')],
    ['spec.insecure', manifest('url: "https://x/y", insecure: true')],
    ['spec', manifest('').replace('{}', 'nothing')],
  ])('a wrong %s', (path, text) => expect(problem(text)).toContain(`“${path}`))

  test('names of JavaScript’s own objects are fields like others', () => {
    expect(problem(manifest('url: "oci://x/y", constructor: {}, toString: 1'))).toContain('“spec.constructor”, “spec.toString”')
  })

  test('a stored field that the form does not hold may stay, not change', () => {
    const kept = { accessFrom: { namespaceSelectors: [{ matchLabels: { a: 'b' } }] } }
    expect(there(oci, { kept })).toEqual({ form: oci })
    expect(problem(manifest('url: "oci://x/y", accessFrom: {}'), { kept })).toContain('kubectl')
  })
})

describe('an update', () => {
  test('says only what changed', () => {
    expect(toUpdate(oci, oci)).toEqual({})
    expect(toUpdate(oci, { ...oci, interval: '05:0', labels: '' })).toEqual({})
    expect(toUpdate(oci, { ...oci, interval: '10:00' })).toEqual({ interval: '10m0s' })
    expect(toUpdate(oci, { ...oci, type: 'default', url: 'https://x.example' })).toEqual({ type: 'default', url: 'https://x.example' })
  })

  test('takes credentials and certificates away', () => {
    const before: RepositoryForm = {
      ...oci,
      credentials: { ...oci.credentials, kind: 'keep', secretName: 'a' },
      certificate: { ...oci.certificate, kind: 'keep', secretName: 'b' },
    }
    expect(toUpdate(before, { ...oci })).toEqual({ credentials: { kind: 'none' }, certificate: {} })
    expect(toUpdate(before, before)).toEqual({})
  })

  test('a provider beside a kept Secret is kept', () => {
    const kept: RepositoryForm = { ...oci, credentials: { ...oci.credentials, kind: 'keep', secretName: 'a', provider: 'gcp' } }
    expect(toUpdate(kept, { ...kept, timeout: '5s' })).toEqual({ timeout: '5s' })
  })
})

test('the type follows the scheme', () => {
  expect([typeOf('oci://x'), typeOf(' HTTPS://x'), typeOf('http://x'), typeOf('x')]).toEqual(['oci', 'default', 'default', undefined])
})

test('what is missing is told at its field', () => {
  expect(Object.keys(problems(emptyRepository)).sort()).toEqual(['name', 'namespace', 'url'])
})
