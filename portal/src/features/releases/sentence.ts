import type { Schemas } from '../../api/client'
import type { Tab } from './search'

type Release = Schemas['ReleasePage']

/** What a person can do about a state, and where on the page. */
export type Advice = { text: string; tab?: Tab; action?: 'update' | 'resume' | 'reset' | 'source' }

/** What may be done next, by the reason that the server gives. */
const BY_REASON: Record<string, Advice> = {
  ArtifactFailed: { text: 'The chart could not be fetched. See its source: address, credentials, chart and version.', action: 'source' },
  SourceNotReady: { text: 'It waits for its source. Correct that; the release goes on by itself.', action: 'source' },
  SourceUnavailable: { text: 'It waits for its source. Correct that; the release goes on by itself.', action: 'source' },
  DependencyNotReady: { text: 'It waits for a release that it depends on, and goes on by itself when that is ready.' },
  ValuesError: { text: 'Its values cannot be composed. Correct them, or the ConfigMap or Secret that they come from.', action: 'update' },
  InstallFailed: { text: 'Correct the values, or another version of the chart may help.', action: 'update' },
  UpgradeFailed: { text: 'Correct the values, or roll back to an earlier revision.', action: 'update' },
  RollbackFailed: { text: 'The way back failed too. See the history and the resources.', tab: 'history' },
  UninstallFailed: { text: 'See the events for what could not be deleted.', tab: 'events' },
  TestFailed: { text: 'A test of the chart failed. See the tests and their logs.', tab: 'tests' },
  RetriesExceeded: {
    text: 'It is not tried again by itself. Correct the values, or reconcile with a reset of its failures.',
    action: 'reset',
  },
  ReconcileError: { text: 'See the events for what went wrong.', tab: 'events' },
  DriftDetected: { text: 'Somebody changed what it deployed. See the events.', tab: 'events' },
}

/** What to do next about a release, where there is something to do. */
export function advice(release: Release): Advice | undefined {
  const { state, conditions } = release.status
  if (state === 'Deleting') return { text: 'What it deployed is being uninstalled.' }
  if (state === 'Suspended') {
    return {
      text: isRolledBack(release)
        ? 'It was rolled back and is not reconciled, so that it stays so. Resume it to deploy again what it asks for.'
        : 'It is not reconciled: changes wait until it is resumed.',
      action: 'resume',
    }
  }
  if (state !== 'Failed' && state !== 'Stalled') return undefined
  const stalled = conditions.find(({ type, status }) => type === 'Stalled' && status === 'True')
  // Why it is not tried again says more about what to do than what failed.
  return BY_REASON[stalled?.reason ?? ''] ?? BY_REASON[release.status.reason ?? ''] ?? { text: 'See the events for what happened.', tab: 'events' }
}

/** The state in one sentence: the object that is not ready, where there is one, else what the controller says. */
export function sentence(release: Release, resources: Schemas['Resources'] | undefined): string {
  const { state, message, conditions } = release.status
  const going = conditions.find(({ type, status }) => type === 'Reconciling' && status === 'True')?.message
  const unready = resources !== undefined && Object.entries(resources.counts).some(([health, count]) => health !== 'Current' && count > 0)
  // A release that failed on its source or values may run well: then its resources say nothing of it.
  if (isRolledBack(release)) return sentenceOf(release.lastOperation?.message ?? 'It was rolled back')
  if ((state === 'Ready' || state === 'Suspended') && resources) return resources.summary
  if (unready && (state === 'Progressing' || isAboutResources(release))) return resources.summary
  if (state === 'Progressing' && going) return sentenceOf(going)
  return sentenceOf(message ?? going ?? (state === 'Pending' ? 'It was just added; nothing has been done yet' : state))
}

/** A rollback suspends; what the status says is about what was there before. */
export function isRolledBack({ status, lastOperation }: Release): boolean {
  return status.state === 'Suspended' && lastOperation?.action === 'rollback' && lastOperation.result === 'succeeded'
}

function isAboutResources({ status }: Release): boolean {
  return ['InstallFailed', 'UpgradeFailed', 'RollbackFailed', 'RetriesExceeded'].includes(status.reason ?? '')
}

function sentenceOf(text: string): string {
  const trimmed = text.trim()
  // What has several lines is an excerpt of something, not a sentence.
  return /[.!?:]$/.test(trimmed) || trimmed.includes('\n') ? trimmed : `${trimmed}.`
}

/** The release of a Helm chart's repository that a newer version is offered for, in words. */
export function newerText(release: Pick<Release, 'newer' | 'deployed' | 'chart'>): string | undefined {
  const { newer } = release
  if (!newer) return undefined
  const range = newer.inRange && newer.inRange !== newer.version ? `, ${newer.inRange} within its range` : ''
  return `Version ${newer.version} is available${range}${newer.major ? '; it is another major version' : ''}.`
}
