import { labelsOf, labelsText } from '../../lib/checks'
import { providerOf, providers, type Provider } from '../../lib/connection'
import { intervalDuration } from '../../lib/interval'
import { compact, Findings } from '../../lib/manifest'
import { certificateFrom, credentialsFrom, intervalFrom, secretRef } from '../../lib/sourceManifest'
import { emptyOciRepository, noReference, referenceOf, toRequest, type OciRepositoryForm } from './form'

const API_VERSION = 'source.toolkit.fluxcd.io/v1'

/** Fields of the specification that the form holds. */
export const known = [
  'url',
  'ref',
  'layerSelector',
  'interval',
  'timeout',
  'provider',
  'secretRef',
  'certSecretRef',
  'serviceAccountName',
  'insecure',
  'suspend',
] as const

/** What the form is read with: the object that exists, where there is one. */
export type Context = {
  /** The form as it began, for an update. */
  stored?: OciRepositoryForm
  /** Fields of the stored specification that the form does not hold. */
  kept?: Record<string, unknown>
}

/** The form as an OCIRepository. No secret is in it: typed ones are stored apart, existing ones are named. */
export function toManifest(form: OciRepositoryForm, { kept = {} }: Context = {}): Record<string, unknown> {
  const labels = labelsOf(form.labels)
  const provider = providerOf(form.credentials)
  const request = toRequest(form)
  return {
    apiVersion: API_VERSION,
    kind: 'OCIRepository',
    metadata: {
      name: form.name.trim(),
      ...compact({ namespace: form.namespace, labels: 'labels' in labels ? labels.labels : undefined }),
    },
    spec: {
      url: form.url.trim(),
      ...compact({
        interval: intervalDuration(form.interval),
        ref: compact({ ...request.reference }),
        layerSelector: compact({ ...request.layer }),
        timeout: form.timeout.trim(),
        provider: provider === 'generic' ? undefined : provider,
        secretRef: secretRef(form.credentials),
        certSecretRef: secretRef(form.certificate),
        serviceAccountName: form.serviceAccountName.trim(),
        insecure: form.insecure,
        suspend: form.suspended,
        ...kept,
      }),
    },
  }
}

/** The form that an OCIRepository stands for, or what is in it that the form cannot hold. */
export function fromManifest(
  value: unknown,
  before: OciRepositoryForm,
  { stored, kept = {} }: Context = {},
): { form: OciRepositoryForm } | { problem: string } {
  const findings = new Findings()
  const form: OciRepositoryForm = { ...emptyOciRepository, interval: '', layer: { mediaType: '', operation: '' } }
  const reference: Parameters<typeof referenceOf>[0] = {}
  const seen = { secret: '', certificate: '', provider: undefined as Provider | undefined }

  findings.fields(value, '', {
    apiVersion: findings.fixed(API_VERSION, `is ${API_VERSION}`),
    kind: findings.fixed('OCIRepository', 'is OCIRepository'),
    metadata: (metadata, path) =>
      findings.fields(metadata, path, {
        name: stored ? findings.fixed(stored.name, 'cannot be changed') : findings.text((name) => (form.name = name)),
        namespace: stored
          ? findings.fixed(stored.namespace, 'cannot be changed')
          : findings.text((namespace) => (form.namespace = namespace)),
        labels: findings.map((labels) => (form.labels = labelsText(labels))),
      }),
    spec: (spec, path) =>
      findings.fields(spec, path, {
        url: findings.text((url) => (form.url = url)),
        ref: (ref, at) =>
          findings.fields(ref, at, {
            tag: findings.text((tag) => (reference.tag = tag)),
            semver: findings.text((range) => (reference.semver = range)),
            semverFilter: findings.text((filter) => (reference.semverFilter = filter)),
            digest: findings.text((digest) => (reference.digest = digest)),
          }),
        layerSelector: (selector, at) =>
          findings.fields(selector, at, {
            mediaType: findings.text((mediaType) => (form.layer = { ...form.layer, mediaType })),
            operation: findings.oneOf(['extract', 'copy'], (operation) => (form.layer = { ...form.layer, operation })),
          }),
        interval: findings.text((interval) => (form.interval = intervalFrom(interval, stored))),
        timeout: findings.text((timeout) => (form.timeout = timeout)),
        provider: findings.oneOf(['generic', ...providers.map((one) => one.value)], (provider) => {
          if (provider !== 'generic') seen.provider = provider
        }),
        secretRef: findings.reference((name) => (seen.secret = name)),
        certSecretRef: findings.reference((name) => (seen.certificate = name)),
        serviceAccountName: findings.text((name) => (form.serviceAccountName = name)),
        insecure: findings.flag((insecure) => (form.insecure = insecure)),
        suspend: findings.flag((suspended) => (form.suspended = suspended)),
        ...findings.kept(kept),
      }),
  })
  findings.keptMissing(value, kept)
  if (value === null || value === undefined) findings.add('Write an OCIRepository')
  if (seen.provider && seen.secret) findings.add('Give either “spec.provider” or “spec.secretRef”: the form holds one of them')
  if ([reference.tag, reference.semver, reference.digest].filter(Boolean).length > 1) {
    findings.add('Give one of “spec.ref.tag”, “spec.ref.semver” and “spec.ref.digest”: the form holds one of them')
  }
  if (findings.problem) return { problem: findings.problem }

  form.reference = { ...noReference, ...referenceOf(reference) }
  form.name ||= stored?.name ?? ''
  form.namespace ||= stored?.namespace ?? before.namespace
  form.credentials = credentialsFrom(before, seen.secret, seen.provider, stored)
  form.certificate = certificateFrom(before, seen.certificate, stored)
  return { form }
}
