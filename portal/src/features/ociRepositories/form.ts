import type { Schemas } from '../../api/client'
import { labelsOf, labelsText, nameProblem, urlProblem } from '../../lib/checks'
import {
  certificateRequest,
  connectionProblems,
  credentialsRequest,
  noCertificate,
  noCredentials,
  providerOf,
  type CertificateForm,
  type CredentialsForm,
  type Provider,
} from '../../lib/connection'
import { intervalDuration, intervalProblem, intervalSeconds } from '../../lib/interval'
import { same } from '../../lib/manifest'
import { minutesAndSeconds } from '../../lib/time'

type OciRepository = Schemas['OciRepository']

/** Which version is taken; of the fields only that of the chosen kind counts. */
export type ReferenceForm = {
  kind: 'tag' | 'semver' | 'digest'
  tag: string
  semver: string
  semverFilter: string
  digest: string
}

/** An OCI repository as its form holds it; paths of fields are those of the API. */
export type OciRepositoryForm = {
  namespace: string
  name: string
  interval: string
  url: string
  reference: ReferenceForm
  layer: { mediaType: string; operation: '' | 'extract' | 'copy' }
  credentials: CredentialsForm
  certificate: CertificateForm
  insecure: boolean
  serviceAccountName: string
  timeout: string
  /** A `key=value` a line. */
  labels: string
  suspended: boolean
}

/** The layer of a chart in a registry, as Helm writes it. */
export const CHART_LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'

export const mediaTypes = [
  CHART_LAYER,
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.cncf.helm.config.v1+json',
  'application/vnd.oci.image.config.v1+json',
]

export const noReference: ReferenceForm = { kind: 'tag', tag: '', semver: '', semverFilter: '', digest: '' }

export const emptyOciRepository: OciRepositoryForm = {
  namespace: '',
  name: '',
  interval: '05:00',
  url: '',
  reference: noReference,
  layer: { mediaType: CHART_LAYER, operation: 'copy' },
  credentials: noCredentials,
  certificate: noCertificate,
  insecure: false,
  serviceAccountName: '',
  timeout: '',
  labels: '',
  suspended: false,
}

/** Fields that are folded away. */
export const advanced = ['certificate', 'insecure', 'serviceAccountName', 'timeout', 'labels', 'suspended'] as const

/** The form of a repository that exists. */
export function formOf(repository: OciRepository): OciRepositoryForm {
  const { credentials, provider, layer } = repository
  const cloud = provider === 'generic' ? undefined : (provider as Provider)
  const operation = layer.operation
  return {
    namespace: repository.namespace,
    name: repository.name,
    interval: minutesAndSeconds(repository.intervalSeconds, repository.interval),
    url: repository.url,
    reference: referenceOf(repository.reference),
    layer: { mediaType: layer.mediaType ?? '', operation: operation === 'copy' || operation === 'extract' ? operation : '' },
    credentials: {
      ...noCredentials,
      kind: credentials.set ? 'keep' : cloud ? 'provider' : 'none',
      secretName: credentials.secretName ?? '',
      provider: cloud ?? noCredentials.provider,
    },
    certificate: {
      ...noCertificate,
      kind: repository.certificateSecretName ? 'keep' : 'system',
      secretName: repository.certificateSecretName ?? '',
    },
    insecure: repository.insecure,
    serviceAccountName: repository.serviceAccountName ?? '',
    timeout: repository.timeout ?? '',
    labels: labelsText(repository.labels),
    suspended: repository.suspended,
  }
}

/** A digest counts before a range, a range before a tag. */
export function referenceOf({ tag, semver, semverFilter, digest }: Partial<Schemas['Reference']>): ReferenceForm {
  return {
    kind: digest ? 'digest' : semver ? 'semver' : 'tag',
    tag: tag ?? '',
    semver: semver ?? '',
    semverFilter: semverFilter ?? '',
    digest: digest ?? '',
  }
}

const orNothing = (text: string) => text.trim() || undefined
const orNull = (text: string) => text.trim() || null

function referenceRequest(form: ReferenceForm): Schemas['Reference'] {
  const none = { tag: null, semver: null, semverFilter: null, digest: null }
  switch (form.kind) {
    case 'digest':
      return { ...none, digest: orNull(form.digest) }
    case 'semver':
      return { ...none, semver: orNull(form.semver), semverFilter: orNull(form.semverFilter) }
    case 'tag':
      return { ...none, tag: orNull(form.tag) }
  }
}

/** The form as the API takes it. */
export function toRequest(form: OciRepositoryForm): Schemas['OciRepositoryRequest'] {
  const provider = providerOf(form.credentials)
  const read = labelsOf(form.labels)
  return {
    name: form.name.trim(),
    url: form.url.trim(),
    reference: referenceRequest(form.reference),
    layer: { mediaType: orNull(form.layer.mediaType), operation: form.layer.operation || null },
    interval: intervalDuration(form.interval),
    timeout: orNothing(form.timeout),
    provider: provider === 'generic' ? undefined : provider,
    insecure: form.insecure,
    suspended: form.suspended,
    serviceAccountName: orNothing(form.serviceAccountName),
    labels: 'labels' in read ? read.labels : {},
    credentials: credentialsRequest(form.credentials),
    certificate: certificateRequest(form.certificate),
  }
}

/** What the form changes of the repository it began with. */
export function toUpdate(before: OciRepositoryForm, form: OciRepositoryForm): Schemas['OciRepositoryUpdate'] {
  const [old, now] = [toRequest(before), toRequest(form)]
  const update: Schemas['OciRepositoryUpdate'] = {}
  if (old.url !== now.url) update.url = now.url
  if (!same(old.reference, now.reference)) update.reference = now.reference
  if (!same(old.layer, now.layer)) update.layer = now.layer
  // Equal intervals may be written in two ways; the stored text stays then.
  if (intervalSeconds(before.interval) !== intervalSeconds(form.interval)) update.interval = now.interval
  if (old.timeout !== now.timeout) update.timeout = now.timeout ?? ''
  // With credentials that are kept, a provider beside them is kept too.
  if (form.credentials.kind !== 'keep' && old.provider !== now.provider) update.provider = now.provider ?? 'generic'
  if (old.insecure !== now.insecure) update.insecure = now.insecure
  if (old.suspended !== now.suspended) update.suspended = now.suspended
  if (old.serviceAccountName !== now.serviceAccountName) update.serviceAccountName = now.serviceAccountName ?? ''
  if (!same(old.labels, now.labels)) update.labels = now.labels
  if (!same(old.credentials, now.credentials)) update.credentials = now.credentials ?? { kind: 'none' }
  if (!same(old.certificate, now.certificate)) update.certificate = now.certificate ?? {}
  return update
}

/** What is missing or wrong, by field. */
export function problems(form: OciRepositoryForm, stored?: { username: boolean }): Record<string, string> {
  const { reference, layer } = form
  const labels = labelsOf(form.labels)
  const found: Record<string, string | undefined> = {
    namespace: form.namespace ? undefined : 'Choose a namespace',
    name: nameProblem(form.name.trim()),
    interval: intervalProblem(form.interval),
    url: urlProblem(form.url.trim(), true),
    ...referenceProblems(reference),
    'layer.mediaType':
      layer.mediaType && (!layer.mediaType.includes('/') || /\s/.test(layer.mediaType.trim()))
        ? `A media type looks like ${CHART_LAYER}`
        : undefined,
    timeout: form.timeout.trim() && intervalSeconds(form.timeout) === undefined ? 'Write a duration like 60s or 2m' : undefined,
    labels: 'problem' in labels ? labels.problem : undefined,
    ...connectionProblems(form, stored),
  }
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function referenceProblems({ kind, tag, semver, digest }: ReferenceForm): Record<string, string | undefined> {
  if (kind === 'tag') {
    const right = tag.trim() === '' || /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(tag.trim())
    return { 'reference.tag': right ? undefined : 'A tag has up to 128 letters, digits, “_”, “.” and “-”' }
  }
  if (kind === 'semver') return { 'reference.semver': semver.trim() ? undefined : 'A range is needed, for example >=1.0.0 <2' }
  const right = /^sha256:[0-9a-f]{64}$/.test(digest.trim())
  return { 'reference.digest': right ? undefined : 'A digest is sha256: and 64 hexadecimal digits' }
}
