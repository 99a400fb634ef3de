/** What the forms call the fields of a repository. */
const words: Record<string, string> = {
  name: 'the name',
  interval: 'the interval',
  type: 'the repository type',
  url: 'the repository URL',
  credentials: 'the credentials',
  certificate: 'the certificates',
  insecure: 'plain HTTP',
  passCredentials: 'credentials to other hosts',
  charts: 'the list of charts',
  timeout: 'the timeout',
  labels: 'the labels',
  suspended: 'whether it is suspended',
  reference: 'the version',
  layer: 'media type or operation',
  serviceAccountName: 'the service account',
}

/** `the interval, the labels and the repository URL`. */
export function fieldWords(fields: string[]): string {
  const named = fields.map((field) => words[field] ?? field)
  const last = named.pop() ?? ''
  return named.length > 0 ? `${named.join(', ')} and ${last}` : last
}
