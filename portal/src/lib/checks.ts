/** Reads and checks what a person typed; the server checks again. */

/** Labels from lines of `key=value`. */
export function labelsOf(text: string): { labels: Record<string, string> } | { problem: string } {
  const labels: Record<string, string> = {}
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '') continue
    const at = line.indexOf('=')
    const key = at < 0 ? '' : line.slice(0, at).trim()
    if (key === '') return { problem: `Line ${index + 1}: write a label as key=value` }
    if (key in labels) return { problem: `Line ${index + 1}: the label ${key} is there twice` }
    labels[key] = line.slice(at + 1).trim()
  }
  return { labels }
}

/** Lines of `key=value`, sorted by key. */
export function labelsText(labels: Record<string, string>): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join('\n')
}

/** Names from lines, or from a list with commas. */
export function linesOf(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** What is wrong with the name of an object; nothing where it is right. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'A name is needed'
  if (name.length > 253) return `The name has ${name.length} characters; 253 are possible`
  const right = name.split('.').every((part) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(part))
  return right ? undefined : 'Use lower-case letters, digits, “-” and “.”, with a letter or digit at both ends'
}

/** What is wrong with the address of a repository of that type; nothing where it is right. */
export function urlProblem(url: string, oci: boolean): string | undefined {
  const wanted = oci ? 'oci://' : 'https://'
  if (url === '') return `A URL is needed, for example ${wanted}registry.example/charts`
  if (/\s/.test(url)) return 'The URL contains a space'
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(url) ?? []
  if (scheme === undefined || rest === undefined) return `The URL has no scheme; it begins with ${wanted}`
  if (oci && scheme !== 'oci') return 'An OCI repository’s URL begins with oci://'
  if (!oci && scheme === 'oci') return 'For a URL with oci:// choose the type OCI Repository'
  if (!oci && scheme !== 'http' && scheme !== 'https') return `The scheme ${scheme} is not known; the URL begins with https://`
  const authority = rest.split(/[/?#]/)[0] ?? ''
  if (authority.includes('@')) return 'Credentials do not belong into the URL; enter them as credentials'
  if (authority === '' || authority.startsWith(':')) return 'The URL has no host'
  if (/[?#]/.test(rest)) return 'Leave out what follows “?” or “#”'
  if (!oci) return undefined
  const path = rest.slice(authority.length).replace(/^\/|\/+$/g, '')
  if (path.includes('@')) return 'Leave out the digest: the URL names a repository, not one version'
  if (path.split('/').at(-1)?.includes(':')) return 'Leave out the tag: the URL names a repository, not one version'
  if (path !== '' && !path.split('/').every((part) => /^[a-z0-9._-]+$/.test(part))) {
    return 'The path has lower-case letters, digits, “.”, “_” and “-” between its slashes only'
  }
  return undefined
}
