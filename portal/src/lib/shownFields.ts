import { valueAt } from './fields'

/** The kind of credentials, certificates or reference whose own fields are on the screen. */
const NESTED: Record<string, string> = {
  'credentials.username': 'basic',
  'credentials.password': 'basic',
  'credentials.token': 'bearer',
  'credentials.dockerConfig': 'dockerConfig',
  'credentials.secretName': 'secret',
  'credentials.provider': 'provider',
  'certificate.authority': 'paste',
  'certificate.clientCertificate': 'paste',
  'certificate.clientKey': 'paste',
  'certificate.secretName': 'secret',
  'reference.tag': 'tag',
  'reference.semver': 'semver',
  'reference.semverFilter': 'semver',
  'reference.digest': 'digest',
}

/** Whether a form has a field for messages at that path now. */
export function placedPaths(form: object, path: string): boolean {
  const kind = NESTED[path]
  if (kind) return valueAt(form, `${path.split('.')[0]}.kind`) === kind
  if (valueAt(form, 'type') === 'default' && (path === 'insecure' || path === 'charts')) return false
  return valueAt(form, path) !== undefined
}
