/** Parts that the manifests of all sources of charts have. */

import { noCertificate, noCredentials, type CertificateForm, type CredentialsForm, type Provider } from './connection'
import { intervalSeconds, intervalText } from './interval'
import { isMapping, unknownFields } from './manifest'

type Reached = { credentials: CredentialsForm; certificate: CertificateForm }

/** The Secret that is used, by its name; typed credentials and certificates are in none yet. */
export function secretRef({ kind, secretName }: { kind: string; secretName: string }): { name: string } | undefined {
  return (kind === 'keep' || kind === 'secret') && secretName ? { name: secretName } : undefined
}

/** `05:00` for `5m0s`; an interval that cannot be read stays, for the form to say so. */
export function intervalFrom(interval: string, stored?: { interval: string }): string {
  const seconds = intervalSeconds(interval)
  if (seconds === undefined) return interval
  if (stored && intervalSeconds(stored.interval) === seconds) return stored.interval
  return Number.isInteger(seconds) && seconds < 3600 ? intervalText(seconds) : interval
}

/** Credentials that were typed stay where the manifest names no others: they cannot be in it. */
export function credentialsFrom(
  before: Reached,
  secret: string,
  provider: Provider | undefined,
  stored?: Reached,
): CredentialsForm {
  const typed = before.credentials
  if (secret) {
    const keeps = stored?.credentials.kind === 'keep' && stored.credentials.secretName === secret
    return { ...typed, kind: keeps && typed.kind !== 'secret' ? 'keep' : 'secret', secretName: secret }
  }
  if (provider) return { ...typed, kind: 'provider', provider }
  const stays = typed.kind === 'basic' || typed.kind === 'bearer' || typed.kind === 'dockerConfig'
  return stays ? typed : { ...noCredentials, provider: typed.provider }
}

/** Certificates that were pasted stay where the manifest names no Secret. */
export function certificateFrom(before: Reached, secret: string, stored?: Reached): CertificateForm {
  const typed = before.certificate
  if (secret) {
    const keeps = stored?.certificate.kind === 'keep' && stored.certificate.secretName === secret
    return { ...typed, kind: keeps && typed.kind !== 'secret' ? 'keep' : 'secret', secretName: secret }
  }
  return typed.kind === 'paste' ? typed : noCertificate
}

/** Fields of a stored object's specification that a form does not hold. */
export function keptFields(object: unknown, known: readonly string[]): Record<string, unknown> {
  const spec = isMapping(object) ? object.spec : undefined
  const kept = unknownFields(spec, known)
  // A form holds a Secret or a provider; where both are stored the provider stays as it is.
  if (isMapping(spec) && spec.secretRef && spec.provider && spec.provider !== 'generic') kept.provider = spec.provider
  return kept
}
