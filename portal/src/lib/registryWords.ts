/** Words for what a registry is and how its charts are found. */

const families: Record<string, string> = {
  'docker-hub': 'Docker Hub',
  ghcr: 'GitHub Container Registry',
  ecr: 'Amazon ECR',
  'ecr-public': 'Amazon ECR Public',
  acr: 'Azure Container Registry',
  google: 'Google Artifact Registry',
  quay: 'Quay',
  harbor: 'Harbor',
  gitlab: 'GitLab',
  artifactory: 'JFrog Artifactory',
  http: 'HTTP chart repository',
  other: 'OCI registry',
}

/** The name of a family of registries. */
export function familyName(family: string | null | undefined): string {
  return (family && families[family]) ?? family ?? 'Unknown'
}

const methods: Record<string, string> = {
  catalog: 'the registry’s catalog',
  'docker-hub-api': 'Docker Hub’s own interface',
  'harbor-api': 'Harbor’s own interface',
  'quay-api': 'Quay’s own interface',
  'gitlab-api': 'GitLab’s own interface',
  'github-packages-api': 'GitHub’s packages interface',
  'google-api': 'Google’s own interface',
  'chart-url': 'the URL, which is one chart’s own',
  'explicit-list': 'the list of charts given here',
  index: 'the repository’s index.yaml',
}

/** How a list of charts was obtained: `from …`. */
export function methodName(method: string | null | undefined): string {
  return (method && methods[method]) ?? method ?? 'an unknown source'
}

const ways: Record<string, string> = {
  anonymous: 'anonymously',
  basic: 'with user and password',
  bearer: 'with a bearer token',
  dockerConfig: 'with the pasted pull secret',
  secret: 'with the Secret',
}

/** How a request authenticated, as the end of a sentence. */
export function authenticationWords(way: string): string {
  return ways[way] ?? way
}

const kinds: Record<string, string> = {
  basic: 'user and password',
  bearer: 'bearer token',
  dockerConfig: 'pull secret',
}

/** What sort of credentials a Secret holds. */
export function credentialsWords(kind: string | null | undefined): string {
  return (kind && kinds[kind]) ?? 'credentials'
}

type RateLimit = { limit?: number | null; remaining?: number | null; windowSeconds?: number | null }

/** A registry's request budget in words; nothing where it tells none. */
export function budget(rate: RateLimit | null | undefined): string | undefined {
  const { limit, remaining, windowSeconds } = rate ?? {}
  const window = windowSeconds ? ` in ${span(windowSeconds)}` : ''
  if (isNumber(remaining)) {
    const of = isNumber(limit) ? ` of ${limit.toLocaleString('en-US')}` : ''
    return `${remaining.toLocaleString('en-US')}${of} requests left${window}`
  }
  return isNumber(limit) ? `${counted(limit, 'request')} allowed${window}` : undefined
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number'
}

function span(seconds: number): string {
  if (seconds % 3600 === 0) return counted(seconds / 3600, 'hour')
  return seconds % 60 === 0 ? counted(seconds / 60, 'minute') : counted(seconds, 'second')
}

/** `1 chart`, `3 charts`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}

/** The host of a repository's address; all names of Docker Hub are one. */
export function registryHost(url: string): string {
  const host = (/^(?:[a-z]+:\/\/)?([^/?#]*)/i.exec(url.trim())?.[1] ?? '').toLowerCase()
  return ['docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host
}
