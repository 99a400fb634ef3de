const SCHEMES = new Set(['http:', 'https:', 'mailto:'])

/** The address of a link that a stranger wrote, where a person may follow it: complete, and http, https or mailto. */
export function safeLink(url: unknown): string | undefined {
  if (typeof url !== 'string') return undefined
  try {
    const parsed = new URL(url.trim())
    return SCHEMES.has(parsed.protocol) ? parsed.href : undefined
  } catch {
    return undefined
  }
}

/** Where a link leads, in short: its host, or the address of a mail. */
export function linkTarget(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return protocol === 'mailto:' ? pathname : host
}
