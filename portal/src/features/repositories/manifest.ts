import { labelsOf, labelsText, linesOf } from '../../lib/checks'
import { providerOf, providers, type Provider } from '../../lib/connection'
import { intervalDuration } from '../../lib/interval'
import { compact, Findings } from '../../lib/manifest'
import { certificateFrom, credentialsFrom, intervalFrom, secretRef } from '../../lib/sourceManifest'
import { emptyRepository, typeOf, type RepositoryForm } from './form'

const API_VERSION = 'source.toolkit.fluxcd.io/v1'

/** Fields of the specification that the form holds. */
export const known = [
  'url',
  'type',
  'interval',
  'timeout',
  'provider',
  'secretRef',
  'certSecretRef',
  'insecure',
  'passCredentials',
  'charts',
  'suspend',
] as const

/** What the form is read with: the object that exists, where there is one. */
export type Context = {
  /** The form as it began, for an update. */
  stored?: RepositoryForm
  /** Fields of the stored specification that the form does not hold. */
  kept?: Record<string, unknown>
}

/** The form as a HelmRepository. No secret is in it: typed ones are stored apart, existing ones are named. */
export function toManifest(form: RepositoryForm, { kept = {} }: Context = {}): Record<string, unknown> {
  const labels = labelsOf(form.labels)
  const provider = providerOf(form.credentials)
  return {
    apiVersion: API_VERSION,
    kind: 'HelmRepository',
    metadata: {
      name: form.name.trim(),
      ...compact({ namespace: form.namespace, labels: 'labels' in labels ? labels.labels : undefined }),
    },
    spec: {
      ...compact({ type: form.type === 'oci' ? 'oci' : undefined }),
      url: form.url.trim(),
      ...compact({
        interval: intervalDuration(form.interval),
        timeout: form.timeout.trim(),
        provider: provider === 'generic' ? undefined : provider,
        secretRef: secretRef(form.credentials),
        certSecretRef: secretRef(form.certificate),
        insecure: form.insecure,
        passCredentials: form.passCredentials,
        charts: linesOf(form.charts),
        suspend: form.suspended,
        ...kept,
      }),
    },
  }
}

/** The form that a HelmRepository stands for, or what is in it that the form cannot hold. */
export function fromManifest(
  value: unknown,
  before: RepositoryForm,
  { stored, kept = {} }: Context = {},
): { form: RepositoryForm } | { problem: string } {
  const findings = new Findings()
  const form: RepositoryForm = { ...emptyRepository, interval: '', type: 'default' }
  const seen = { type: false, secret: '', certificate: '', provider: undefined as Provider | undefined }

  findings.fields(value, '', {
    apiVersion: findings.fixed(API_VERSION, `is ${API_VERSION}`),
    kind: findings.fixed('HelmRepository', 'is HelmRepository'),
    metadata: (metadata, path) =>
      findings.fields(metadata, path, {
        name: findings.text((name) => (form.name = name)),
        namespace: stored
          ? findings.fixed(stored.namespace, 'cannot be changed')
          : findings.text((namespace) => (form.namespace = namespace)),
        labels: findings.map((labels) => (form.labels = labelsText(labels))),
      }),
    spec: (spec, path) =>
      findings.fields(spec, path, {
        url: findings.text((url) => (form.url = url)),
        type: findings.oneOf(['default', 'oci'], (type) => {
          form.type = type
          seen.type = true
        }),
        interval: findings.text((interval) => (form.interval = intervalFrom(interval, stored))),
        timeout: findings.text((timeout) => (form.timeout = timeout)),
        provider: findings.oneOf(['generic', ...providers.map((one) => one.value)], (provider) => {
          if (provider !== 'generic') seen.provider = provider
        }),
        secretRef: findings.reference((name) => (seen.secret = name)),
        certSecretRef: findings.reference((name) => (seen.certificate = name)),
        insecure: findings.flag((insecure) => (form.insecure = insecure)),
        passCredentials: findings.flag((pass) => (form.passCredentials = pass)),
        charts: findings.texts((charts) => (form.charts = charts.join('\n'))),
        suspend: findings.flag((suspended) => (form.suspended = suspended)),
        ...findings.kept(kept),
      }),
  })
  findings.keptMissing(value, kept)
  if (value === null || value === undefined) findings.add('Write a HelmRepository')
  if (seen.provider && seen.secret) findings.add('Give either “spec.provider” or “spec.secretRef”: the form holds one of them')
  if (!seen.type) form.type = typeOf(form.url) ?? 'default'
  if (form.type !== 'oci') {
    const only = (field: string) => findings.add(`Only a repository of the type oci has “spec.${field}”`)
    if (form.insecure && !stored?.insecure) only('insecure')
    if (form.charts && !stored?.charts) only('charts')
    if (seen.provider) only('provider')
  }
  if (findings.problem) return { problem: findings.problem }

  if (form.interval === '') form.interval = '01:00'
  form.namespace ||= stored?.namespace ?? before.namespace
  form.credentials = credentialsFrom(before, seen.secret, seen.provider, stored)
  form.certificate = certificateFrom(before, seen.certificate, stored)
  return { form }
}
