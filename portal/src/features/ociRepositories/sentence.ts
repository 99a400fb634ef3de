import { sentence } from '../../lib/fields'
import type { OciRepository } from './queries'

/** An OCI repository's state in a sentence, and what to do next where something is wrong. */
export type Told = { text: string; next?: { text: string; action?: 'update' | 'resume' } }

/** Says how an OCI repository is, in one sentence. */
export function tell({ status, artifact, suspended }: OciRepository): Told {
  const kept = artifact ? ` Until then what was pulled before, ${short(artifact.revision)}, stays usable.` : ''
  switch (status.state) {
    case 'Ready':
      return { text: artifact ? `Up to date: ${short(artifact.revision)} is pulled.` : 'Up to date.' }
    case 'Deleting':
      return { text: 'It is being deleted.' }
    case 'Failed':
    case 'Stalled':
      return {
        text: `Not up to date: ${ended(status.message ?? status.reason ?? 'the last check failed')}`,
        next: {
          text:
            status.state === 'Stalled'
              ? `It is not tried again by itself: change its settings.${kept}`
              : `It is tried again by itself. Where the settings are at fault, change them.${kept}`,
          action: 'update',
        },
      }
    default:
      if (suspended) {
        return {
          text: `Suspended: the registry is not asked${artifact ? `; ${short(artifact.revision)} stays` : ''}.`,
          next: { text: 'Resume it to follow the registry again.', action: 'resume' },
        }
      }
      return { text: status.message ? ended(sentence(status.message)) : 'The first check is about to begin.' }
  }
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** A revision with the beginning of its digest: the whole one is among the facts. */
function short(revision: string): string {
  return revision.replace(/^(.*)@(sha256:[0-9a-f]{12})[0-9a-f]*$/, '$1 ($2…)')
}
