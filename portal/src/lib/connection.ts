/** How a repository is reached, as a form holds it: credentials, certificates, and what they become in a request. */

export const providers = [
  { value: 'aws', label: 'Amazon Web Services' },
  { value: 'azure', label: 'Microsoft Azure' },
  { value: 'gcp', label: 'Google Cloud' },
] as const

export type Provider = (typeof providers)[number]['value']

/** `keep` is what is stored already; `dockerConfig` is a pull secret that is pasted, `secret` one that exists. */
export type CredentialsKind = 'none' | 'keep' | 'basic' | 'secret' | 'dockerConfig' | 'bearer' | 'provider'

export type CredentialsForm = {
  kind: CredentialsKind
  username: string
  password: string
  secretName: string
  dockerConfig: string
  token: string
  provider: Provider
}

export type CertificateKind = 'system' | 'keep' | 'paste' | 'secret'

export type CertificateForm = {
  kind: CertificateKind
  authority: string
  clientCertificate: string
  clientKey: string
  secretName: string
}

export const noCredentials: CredentialsForm = {
  kind: 'none',
  username: '',
  password: '',
  secretName: '',
  dockerConfig: '',
  token: '',
  provider: 'aws',
}

export const noCertificate: CertificateForm = {
  kind: 'system',
  authority: '',
  clientCertificate: '',
  clientKey: '',
  secretName: '',
}

type CredentialsRequest = {
  kind: 'none' | 'basic' | 'bearer' | 'dockerConfig' | 'secret'
  username?: string
  password?: string
  token?: string
  dockerConfig?: string
  secretName?: string
}

type CertificateRequest = {
  authority?: string
  clientCertificate?: string
  clientKey?: string
  secretName?: string
}

const orNothing = (text: string) => (text.trim() === '' ? undefined : text)

/** Credentials as the API takes them: what the chosen kind does not use stays behind. */
export function credentialsRequest(form: CredentialsForm): CredentialsRequest | undefined {
  switch (form.kind) {
    case 'none':
    case 'provider':
      return undefined
    case 'basic':
      return { kind: 'basic', username: orNothing(form.username), password: form.password }
    case 'bearer':
      return { kind: 'bearer', token: form.token }
    case 'dockerConfig':
      return { kind: 'dockerConfig', dockerConfig: form.dockerConfig }
    case 'keep':
    case 'secret':
      return { kind: 'secret', secretName: form.secretName }
  }
}

/** The cloud whose credentials are used; `generic` where none is. */
export function providerOf(form: CredentialsForm): Provider | 'generic' {
  return form.kind === 'provider' ? form.provider : 'generic'
}

/** Certificates as the API takes them. */
export function certificateRequest(form: CertificateForm): CertificateRequest | undefined {
  if (form.kind === 'system') return undefined
  if (form.kind !== 'paste') return { secretName: form.secretName }
  return {
    authority: orNothing(form.authority),
    clientCertificate: orNothing(form.clientCertificate),
    clientKey: orNothing(form.clientKey),
  }
}

/** What is missing or wrong, by the field's path below `credentials` and `certificate`. */
export function connectionProblems(
  form: { credentials: CredentialsForm; certificate: CertificateForm },
  stored: { username: boolean } = { username: false },
): Record<string, string> {
  return { ...credentialsProblems(form.credentials, stored.username), ...certificateProblems(form.certificate) }
}

function credentialsProblems(form: CredentialsForm, storedUsername: boolean): Record<string, string> {
  const found: Record<string, string> = {}
  if (form.kind === 'basic') {
    if (!form.username.trim() && !storedUsername) found['credentials.username'] = 'A user name is needed'
    if (form.username.includes(':')) found['credentials.username'] = 'A user name has no “:”'
    if (!form.password) found['credentials.password'] = 'A password is needed'
  }
  if (form.kind === 'bearer' && !form.token.trim()) found['credentials.token'] = 'A token is needed'
  if (form.kind === 'secret' && !form.secretName) found['credentials.secretName'] = 'Choose a Secret'
  if (form.kind === 'dockerConfig') {
    const wrong = dockerConfigProblem(form.dockerConfig)
    if (wrong) found['credentials.dockerConfig'] = wrong
  }
  return found
}

/** The messages never quote the text: it holds secrets. */
function dockerConfigProblem(text: string): string | undefined {
  if (!text.trim()) return 'Paste the text of a config.json'
  try {
    const value: unknown = JSON.parse(text)
    const auths = value !== null && typeof value === 'object' && 'auths' in value ? value.auths : undefined
    const some = auths !== null && typeof auths === 'object' && Object.keys(auths).length > 0
    return some ? undefined : 'There are no “auths” in it: log in with a tool that writes them, or enter user and password'
  } catch {
    return 'This is not the JSON of a config.json'
  }
}

function certificateProblems(form: CertificateForm): Record<string, string> {
  const found: Record<string, string> = {}
  if (form.kind === 'secret' && !form.secretName) found['certificate.secretName'] = 'Choose a Secret'
  if (form.kind !== 'paste') return found
  const pem = (field: 'authority' | 'clientCertificate' | 'clientKey', word: string) => {
    const text = form[field]
    if (text.trim() && !(text.includes('-----BEGIN ') && text.includes(word))) {
      found[`certificate.${field}`] = `Paste PEM text: it begins with -----BEGIN … ${word}-----`
    }
  }
  pem('authority', 'CERTIFICATE')
  pem('clientCertificate', 'CERTIFICATE')
  pem('clientKey', 'KEY')
  if (!form.authority.trim() && !form.clientCertificate.trim() && !form.clientKey.trim()) {
    found['certificate.authority'] = 'Paste a certificate or choose a file'
  } else if (Boolean(form.clientCertificate.trim()) !== Boolean(form.clientKey.trim())) {
    found['certificate.clientKey'] = 'A client certificate and its key come together'
  }
  return found
}
