import type { Schemas } from '../../api/client'
import { labelsOf, labelsText, linesOf, nameProblem, urlProblem } from '../../lib/checks'
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

type Repository = Schemas['Repository']

/** A Helm repository as its form holds it; paths of fields are those of the API. */
export type RepositoryForm = {
  namespace: string
  name: string
  interval: string
  type: 'default' | 'oci'
  url: string
  credentials: CredentialsForm
  certificate: CertificateForm
  insecure: boolean
  passCredentials: boolean
  /** One chart a line. */
  charts: string
  timeout: string
  /** A `key=value` a line. */
  labels: string
  suspended: boolean
}

export const emptyRepository: RepositoryForm = {
  namespace: '',
  name: '',
  interval: '05:00',
  type: 'default',
  url: '',
  credentials: noCredentials,
  certificate: noCertificate,
  insecure: false,
  passCredentials: false,
  charts: '',
  timeout: '',
  labels: '',
  suspended: false,
}

/** Fields that are folded away. */
export const advanced = ['certificate', 'insecure', 'passCredentials', 'charts', 'timeout', 'labels', 'suspended'] as const

/** The form of a repository that exists. */
export function formOf(repository: Repository): RepositoryForm {
  const { credentials, provider } = repository
  const cloud = provider === 'generic' ? undefined : (provider as Provider)
  return {
    namespace: repository.namespace,
    name: repository.name,
    interval: minutesAndSeconds(repository.intervalSeconds, repository.interval),
    type: repository.type === 'oci' ? 'oci' : 'default',
    url: repository.url,
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
    passCredentials: repository.passCredentials,
    charts: (repository.charts ?? []).join('\n'),
    timeout: repository.timeout ?? '',
    labels: labelsText(repository.labels),
    suspended: repository.suspended,
  }
}

/** The form as the API takes it; what the type does not use stays behind. */
export function toRequest(form: RepositoryForm): Schemas['RepositoryRequest'] {
  const oci = form.type === 'oci'
  const provider = providerOf(form.credentials)
  const read = labelsOf(form.labels)
  return {
    name: form.name.trim(),
    interval: intervalDuration(form.interval),
    type: form.type,
    url: form.url.trim(),
    timeout: form.timeout.trim() || undefined,
    provider: oci && provider !== 'generic' ? provider : undefined,
    insecure: oci && form.insecure,
    passCredentials: form.passCredentials,
    charts: oci ? linesOf(form.charts) : [],
    labels: 'labels' in read ? read.labels : {},
    suspended: form.suspended,
    credentials: credentialsRequest(form.credentials),
    certificate: certificateRequest(form.certificate),
  }
}

/** What the form changes of the repository it began with; the name is changed apart. */
export function toUpdate(before: RepositoryForm, form: RepositoryForm): Schemas['RepositoryUpdate'] {
  const [old, now] = [toRequest(before), toRequest(form)]
  const update: Schemas['RepositoryUpdate'] = {}
  if (old.url !== now.url || old.type !== now.type) Object.assign(update, { url: now.url, type: now.type })
  // Equal intervals may be written in two ways; the stored text stays then.
  if (intervalSeconds(before.interval) !== intervalSeconds(form.interval)) update.interval = now.interval
  if (old.timeout !== now.timeout) update.timeout = now.timeout ?? ''
  // With credentials that are kept, a provider beside them is kept too.
  if (form.credentials.kind !== 'keep' && old.provider !== now.provider) update.provider = now.provider ?? 'generic'
  // What only an OCI repository may have is taken away from others, also where kubectl had put it there.
  if (before.insecure !== now.insecure) update.insecure = now.insecure
  if (old.passCredentials !== now.passCredentials) update.passCredentials = now.passCredentials
  if (old.suspended !== now.suspended) update.suspended = now.suspended
  if (!same(linesOf(before.charts), now.charts)) update.charts = now.charts
  if (!same(old.labels, now.labels)) update.labels = now.labels
  if (!same(old.credentials, now.credentials)) update.credentials = now.credentials ?? { kind: 'none' }
  if (!same(old.certificate, now.certificate)) update.certificate = now.certificate ?? {}
  return update
}

/** What is missing or wrong, by field. */
export function problems(form: RepositoryForm, stored?: { username: boolean }): Record<string, string> {
  const labels = labelsOf(form.labels)
  const found: Record<string, string | undefined> = {
    namespace: form.namespace ? undefined : 'Choose a namespace',
    name: nameProblem(form.name.trim()),
    interval: intervalProblem(form.interval),
    url: urlProblem(form.url.trim(), form.type === 'oci'),
    timeout: form.timeout.trim() && intervalSeconds(form.timeout) === undefined ? 'Write a duration like 60s or 2m' : undefined,
    labels: 'problem' in labels ? labels.problem : undefined,
    'credentials.kind':
      form.type !== 'oci' && form.credentials.kind === 'provider'
        ? 'Only OCI repositories take credentials from a cloud provider'
        : undefined,
    ...connectionProblems(form, stored),
  }
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** The type that an address stands for; nothing where it has no scheme yet. */
export function typeOf(url: string): RepositoryForm['type'] | undefined {
  const trimmed = url.trim().toLowerCase()
  if (trimmed.startsWith('oci://')) return 'oci'
  return /^https?:\/\//.test(trimmed) ? 'default' : undefined
}
