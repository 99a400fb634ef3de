import { expect, it } from 'vitest'

import type { Schemas } from '../../api/client'
import { advice, newerText, sentence } from './sentence'

type Release = Schemas['ReleasePage']

function release(state: string, reason: string, message = 'It happened', more: Partial<Release> = {}): Release {
  const status = { state, reason, message, ready: 'False', observed: true, reconciling: false, conditions: [] }
  return { status, ...more } as unknown as Release
}

const resources = (counts: Record<string, number>): Schemas['Resources'] => ({
  counts,
  summary: 'Pod `a` has failed.',
  revision: 1,
  items: [],
  truncated: false,
})

it('says which object is not ready', () => {
  expect(sentence(release('Failed', 'UpgradeFailed'), resources({ Current: 1, Failed: 1 }))).toBe('Pod `a` has failed.')
  expect(sentence(release('Ready', 'UpgradeSucceeded'), resources({ InProgress: 1 }))).toBe('Pod `a` has failed.')
})

it('says what the controller says where the objects have no part in it', () => {
  expect(sentence(release('Failed', 'SourceNotReady'), resources({ Failed: 1 }))).toBe('It happened.')
  expect(sentence(release('Ready', 'InstallSucceeded'), undefined)).toBe('It happened.')
  expect(sentence(release('Failed', 'InstallFailed', 'No way!'), undefined)).toBe('No way!')
})

it('says what to do next', () => {
  expect(advice(release('Ready', 'UpgradeSucceeded'))).toBeUndefined()
  expect(advice(release('Failed', 'SourceNotReady'))?.action).toBe('source')
  expect(advice(release('Failed', 'SomethingNew'))?.tab).toBe('events')
  const stalled = release('Stalled', 'UpgradeFailed')
  stalled.status.conditions = [{ type: 'Stalled', status: 'True', reason: 'RetriesExceeded', message: '', lastTransitionTime: '' }]
  expect(advice(stalled)?.action).toBe('reset')
  const rolledBack = release('Suspended', '', '', { lastOperation: { action: 'rollback', result: 'succeeded' } as Release['lastOperation'] })
  expect(advice(rolledBack)?.text).toContain('rolled back')
})

it('names the newer version', () => {
  const newer = { version: '2.0.0', appVersion: '', major: true, deprecated: false, inRange: '1.5.0' }
  expect(newerText({ newer } as unknown as Release)).toBe(
    'Version 2.0.0 is available, 1.5.0 within its range; it is another major version.',
  )
  expect(newerText({} as Release)).toBeUndefined()
})
