import { labelsOf, labelsText, linesOf } from '../../lib/checks'
import { noCertificate, noCredentials, providerOf, providers, type Provider } from '../../lib/connection'
import { intervalDuration, intervalSeconds, intervalText } from '../../lib/interval'
import { compact, Findings } from '../../lib/manifest'
import { emptyRepository, typeOf, type RepositoryForm } from './form'

export const API_VERSION = 'source.toolkit.fluxcd.io/v1'

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
      ...compact({
        type: form.type === 'oci' ? 'oci' : undefined,
        interval: intervalDuration(form.interval),
        timeout: form.timeout.trim(),
        provider: provider === 'generic' ? undefined : provider,
        secretRef: named(form.credentials),
        certSecretRef: named(form.certificate),
        insecure: form.insecure,
        passCredentials: form.passCredentials,
        charts: linesOf(form.charts),
        suspend: form.suspended,
        ...kept,
      }),
      url: form.url.trim(),
    },
  }
}

function named({ kind, secretName }: { kind: string; secretName: string }): { name: string } | undefined {
  return (kind === 'keep' || kind === 'secret') && secretName ? { name: secretName } : undefined
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
        interval: findings.text((interval) => (form.interval = shownInterval(interval, stored))),
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
        ...Object.fromEntries(
          Object.entries(kept).map(([key, fixed]) => [key, findings.fixed(fixed, 'cannot be changed in this form; use kubectl')]),
        ),
      }),
  })
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
  form.credentials = credentialsOf(before, seen.secret, seen.provider, stored)
  form.certificate = certificateOf(before, seen.certificate, stored)
  return { form }
}

/** `05:00` for `5m0s`; an interval that cannot be read stays, for the form to say so. */
export function shownInterval(interval: string, stored?: { interval: string }): string {
  const seconds = intervalSeconds(interval)
  if (seconds === undefined) return interval
  if (stored && intervalSeconds(stored.interval) === seconds) return stored.interval
  return Number.isInteger(seconds) && seconds < 3600 ? intervalText(seconds) : interval
}

type Reached = Pick<RepositoryForm, 'credentials' | 'certificate'>

/** Credentials that were typed stay where the YAML names no others: they cannot be in it. */
export function credentialsOf(
  before: Reached,
  secret: string,
  provider: Provider | undefined,
  stored?: Reached,
): RepositoryForm['credentials'] {
  const typed = before.credentials
  if (secret) {
    const keeps = stored?.credentials.kind === 'keep' && stored.credentials.secretName === secret
    return { ...typed, kind: keeps && typed.kind !== 'secret' ? 'keep' : 'secret', secretName: secret }
  }
  if (provider) return { ...typed, kind: 'provider', provider }
  const stays = typed.kind === 'basic' || typed.kind === 'bearer' || typed.kind === 'dockerConfig'
  return stays ? typed : { ...noCredentials, provider: typed.provider }
}

/** Certificates that were pasted stay where the YAML names no Secret. */
export function certificateOf(before: Reached, secret: string, stored?: Reached): RepositoryForm['certificate'] {
  const typed = before.certificate
  if (secret) {
    const keeps = stored?.certificate.kind === 'keep' && stored.certificate.secretName === secret
    return { ...typed, kind: keeps && typed.kind !== 'secret' ? 'keep' : 'secret', secretName: secret }
  }
  return typed.kind === 'paste' ? typed : noCertificate
}
