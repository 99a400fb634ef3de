import { describe, expect, it } from 'vitest'

import { emptyForm, mergeForms, toRequest, toUpdate, type ReleaseForm } from './form'
import { fixedProblems, fromManifest, toManifest } from './manifest'

const form: ReleaseForm = {
  ...emptyForm,
  name: 'hello',
  sourceName: 'samples',
  chart: 'webapp',
  version: '1.x',
  values: '# how many\nreplicaCount: 2 # two\nimage:\n  tag: "1.10"\n',
  valuesFrom: '- kind: ConfigMap\n  name: shared\n',
  labels: 'app.duplocloud.net/app-name: App1\n',
  timeout: '10:00',
  advanced: 'install:\n  # once more\n  remediation:\n    retries: 1\nsomethingNew: [1]\n',
}

function manifest(of: ReleaseForm): string {
  const { text, problems } = toManifest(of, 'default')
  expect(problems).toBeUndefined()
  return text ?? ''
}

describe('a form and its YAML', () => {
  it('are the same object', () => {
    const back = fromManifest(manifest(form))
    expect(back).toEqual({ form: { ...form, releaseName: 'hello' }, namespace: 'default', ignored: [] })
    expect(manifest(back.form ?? emptyForm)).toBe(manifest(form))
  })

  it('are the same object for a chart of an OCI repository', () => {
    const oci = { ...emptyForm, name: 'a', sourceKind: 'OCIRepository', sourceName: 'one', sourceNamespace: 'other' }
    expect(manifest(oci)).toContain('chartRef:\n    kind: OCIRepository\n    name: one\n    namespace: other\n')
    expect(fromManifest(manifest(oci)).form).toMatchObject({ sourceKind: 'OCIRepository', sourceName: 'one', sourceNamespace: 'other' })
  })

  it('keep comments', () => {
    expect(manifest(form)).toContain('    # how many\n    replicaCount: 2 # two\n')
    expect(manifest(form)).toContain('    # once more\n')
  })

  it('store intervals as the cluster does', () => {
    expect(manifest(form)).toContain('  interval: 5m0s\n')
    expect(manifest(form)).toContain('  timeout: 10m0s\n')
    expect(fromManifest(manifest({ ...form, interval: '1h' })).form?.interval).toBe('1h')
  })
})

describe('a form that cannot be written', () => {
  it('says which field is no YAML', () => {
    expect(toManifest({ ...form, values: 'a: [' }, 'default').problems?.values).toContain('Line 1')
    expect(toManifest({ ...form, labels: '- a' }, 'default').problems).toEqual({ labels: 'This is no mapping of keys to values.' })
  })
})

describe('a manifest', () => {
  const start = 'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: a\nspec:\n  interval: 5m\n'
  const chart = '  chart:\n    spec:\n      chart: web\n      sourceRef: {kind: HelmRepository, name: r}\n'
  const told = (text: string) => fromManifest(text).problems?.map(({ line, message }) => `${line}: ${message}`)

  it('needs little', () => {
    expect(fromManifest(start + chart).form).toMatchObject({ name: 'a', releaseName: 'a', version: '', chart: 'web', interval: '05:00' })
  })

  it('keeps fields that the form does not know as advanced ones', () => {
    expect(fromManifest(`${start}${chart}  maxHistory: 3\n  futureField: {a: 1}\n`).form?.advanced).toBe('maxHistory: 3\nfutureField: {a: 1}\n')
  })

  it('has what it loses refused by name', () => {
    expect(told(`${start}${chart}      verify: {provider: cosign}\n`)).toEqual([
      '11: spec.chart.spec.verify: The form has no place for it; add it with kubectl.',
    ])
    expect(told(`${start}${chart}extra: 1\n`)).toEqual(['11: extra: A HelmRelease has no such field.'])
    expect(told((start + chart).replace('  name: a\n', '  name: a\n  annotations: {b: c}\n'))?.[0]).toContain('5: metadata.annotations')
  })

  it('may carry what the cluster writes itself', () => {
    const text = (start + chart).replace('  name: a\n', '  name: a\n  uid: x\n') + 'status: {}\n'
    expect(fromManifest(text)).toMatchObject({ ignored: ['status', 'metadata.uid'] })
  })

  it('must be of the right kind and name one chart', () => {
    expect(told('a: 1')).toEqual(expect.arrayContaining(['1: a: A HelmRelease has no such field.', '1: kind must be HelmRelease.']))
    expect(told(`${start}${chart}  chartRef: {kind: OCIRepository, name: b}\n`)).toEqual(['11: A release has chart or chartRef, not both.'])
    expect(told(start)).toEqual(['1: spec names no chart: add chart or chartRef.'])
    expect(told(`${start}  chartRef: {kind: HelmRepository, name: b}\n`)?.[0]).toContain('use chart for it')
  })

  it('keeps a version as it is written', () => {
    const text = (start + chart).replace('      chart: web\n', '      chart: web\n      version: 1.10\n')
    expect(fromManifest(text).form?.version).toBe('1.10')
  })

  it('names what cannot be changed', () => {
    expect(fixedProblems(form, { ...form, chart: 'other' })).toEqual([
      { line: 1, message: 'Chart Name of a release cannot be changed: it was `webapp`.' },
    ])
  })
})

describe('requests', () => {
  it('send the texts as they were typed', () => {
    expect(toRequest(form)).toMatchObject({ releaseName: 'hello', values: form.values, chart: { version: '1.x', interval: '05:00' } })
    expect(toRequest({ ...form, sourceKind: 'OCIRepository' }).chart).toEqual({ sourceKind: 'OCIRepository', sourceName: 'samples' })
  })

  it('change only what differs', () => {
    expect(JSON.parse(JSON.stringify(toUpdate(form, { ...form, version: '2.0.0' }, '7')))).toEqual({ resourceVersion: '7', version: '2.0.0' })
    expect(JSON.parse(JSON.stringify(toUpdate(form, { ...form, interval: '5m0s', values: `${form.values}# note\n` })))).toEqual({})
    expect(toUpdate(form, { ...form, chartInterval: '01:00' }).chart).toMatchObject({ name: 'webapp', interval: '01:00' })
  })

  it('take over what somebody else changed meanwhile', () => {
    const theirs = { ...form, version: '1.5.0', timeout: '01:00' }
    const mine = { ...form, values: 'a: 1\n', timeout: '02:00' }
    const merged = mergeForms(form, mine, theirs)
    expect(merged.form).toEqual({ ...mine, version: '1.5.0' })
    expect(merged.theirs).toEqual(['version'])
    expect(merged.both).toEqual(['timeout'])
  })
})
