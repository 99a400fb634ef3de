import { expect, test } from 'vitest'

import { parseYaml, toYaml } from '../../lib/yaml'
import { emptyOciRepository, problems, toRequest, toUpdate, type OciRepositoryForm } from './form'
import { fromManifest, toManifest } from './manifest'

const web: OciRepositoryForm = {
  ...emptyOciRepository,
  namespace: 'team',
  name: 'web',
  url: 'oci://ghcr.io/my-org/charts/web',
  reference: { ...emptyOciRepository.reference, tag: '1.0.0' },
}

const there = (form: OciRepositoryForm, context = {}) =>
  fromManifest(parseYaml(toYaml(toManifest(form, context))).value, form, context)

test.each<[string, Partial<OciRepositoryForm>]>([
  ['a tag', {}],
  ['a range', { reference: { kind: 'semver', tag: '', semver: '>=1 <2', semverFilter: '^v', digest: '' } }],
  ['a digest', { reference: { kind: 'digest', tag: '', semver: '', semverFilter: '', digest: `sha256:${'a'.repeat(64)}` } }],
  ['no layer', { layer: { mediaType: '', operation: '' } }],
  ['a service account', { serviceAccountName: 'puller', insecure: true, suspended: true, timeout: '5s', labels: 'a=b' }],
])('%s is the same in the form and in the YAML', (_, fields) => {
  const form = { ...web, ...fields }
  expect(there(form)).toEqual({ form })
})

test('two references at once are refused', () => {
  const both = { ...toManifest(web), spec: { url: web.url, ref: { tag: 'a', semver: '1' } } }
  expect(fromManifest(both, web)).toHaveProperty('problem', expect.stringContaining('Give one of'))
})

test('the name of one that exists cannot be changed', () => {
  expect(fromManifest(toManifest({ ...web, name: 'other' }), web, { stored: web })).toHaveProperty('problem')
})

test('fields that only kubectl can set stay as they are', () => {
  const kept = { verify: { provider: 'cosign', secretRef: { name: 'keys' } } }
  expect(there(web, { stored: web, kept })).toEqual({ form: web })
  expect(fromManifest(toManifest(web), web, { stored: web, kept })).toHaveProperty('problem', expect.stringContaining('spec.verify'))
})

test('only the chosen kind of reference is sent', () => {
  const form: OciRepositoryForm = { ...web, reference: { ...web.reference, kind: 'semver', semver: '>=1' } }
  expect(toRequest(form).reference).toEqual({ tag: null, semver: '>=1', semverFilter: null, digest: null })
  expect(toUpdate(web, form)).toEqual({ reference: { tag: null, semver: '>=1', semverFilter: null, digest: null } })
  expect(toUpdate(web, web)).toEqual({})
})

test('a wrong reference is told at its field', () => {
  const wrong = (reference: Partial<OciRepositoryForm['reference']>) =>
    Object.keys(problems({ ...web, reference: { ...web.reference, ...reference } }))
  expect(wrong({ tag: 'a b' })).toEqual(['reference.tag'])
  expect(wrong({ kind: 'semver' })).toEqual(['reference.semver'])
  expect(wrong({ kind: 'digest', digest: 'sha256:1' })).toEqual(['reference.digest'])
})
