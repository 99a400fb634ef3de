import type { Schemas } from '../../api/client'
import { counted, familyName } from '../../lib/registryWords'
import { ago } from '../../lib/time'

type Repository = Schemas['Repository']

/** A repository's state in a sentence, and what to do next where something is wrong. */
export type Told = {
  text: string
  next?: { text: string; action?: 'update' | 'sync' | 'resume' }
}

/** Says how a repository is, in one sentence. */
export function tell(repository: Repository, now: number = Date.now()): Told {
  const { status, catalog, renamingTo } = repository
  const found = catalog && catalog.method !== '' ? `${counted(catalog.charts, 'chart')} with ${counted(catalog.versions, 'version')}` : undefined
  if (renamingTo) return { text: `It is being renamed to ${renamingTo}.` }
  switch (status.state) {
    case 'Ready':
      return {
        text: `In sync with ${registry(repository)}: ${found ?? 'nothing was found'}, checked ${ago(catalog?.lastCheckedAt, now)}.`,
        next: catalog?.charts === 0 ? { text: empty(repository), action: 'update' } : undefined,
      }
    case 'Suspended':
      return {
        text: `Suspended: it is not synced${found ? `; the ${found} found ${ago(catalog?.lastCheckedAt, now)} stay` : ''}.`,
        next: { text: 'Resume it to sync it again.', action: 'resume' },
      }
    case 'Deleting':
      return { text: 'It is being deleted.' }
    case 'Failed':
    case 'Stalled':
      return { text: `Not in sync: ${ended(status.message ?? status.reason ?? 'the last sync failed')}`, next: cure(repository, found) }
    default:
      return { text: status.message ? ended(capital(status.message)) : 'The first sync is about to begin.' }
  }
}

function cure({ status, catalog }: Repository, found: string | undefined): Told['next'] {
  const kept = found ? ` Until then the ${found} from before stay usable.` : ''
  if (status.reason === 'AuthenticationFailed') {
    return { text: `Check the credentials and whether they have expired.${kept}`, action: 'update' }
  }
  if (status.state === 'Stalled') {
    return { text: `It is not tried again by itself: change its settings.${kept}`, action: 'update' }
  }
  const waits = catalog?.rateLimit?.resetAt
  if (waits && Date.parse(waits) > Date.now()) {
    return { text: `The registry wants a pause; it is tried again ${ago(waits)}.${kept}` }
  }
  return { text: `It is tried again by itself. Where the settings are at fault, change them.${kept}`, action: 'update' }
}

function registry({ type, catalog }: Repository): string {
  if (type !== 'oci') return 'its index'
  return catalog?.registry && catalog.registry !== 'other' ? familyName(catalog.registry) : 'its registry'
}

function empty({ type }: Repository): string {
  return type === 'oci'
    ? 'No chart is below this URL. Check the path, or list the charts by hand where the registry does not let them be listed.'
    : 'Its index lists no chart. Check the URL.'
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
