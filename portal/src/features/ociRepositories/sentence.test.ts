import { expect, test } from 'vitest'

import type { OciRepository } from './queries'
import { tell } from './sentence'

const one = (state: string, fields: Partial<OciRepository> = {}): OciRepository => ({
  namespace: 'team',
  name: 'web',
  uid: 'a',
  resourceVersion: '1',
  url: 'oci://ghcr.io/x/web',
  reference: { tag: '1.0.0', semver: null, semverFilter: null, digest: null },
  layer: { mediaType: null, operation: null },
  interval: '5m0s',
  intervalSeconds: 300,
  provider: 'generic',
  insecure: false,
  suspended: false,
  credentials: { set: false, managed: false },
  labels: {},
  status: { state, ready: 'Unknown', reconciling: false, observed: true, conditions: [], message: 'no route' },
  artifact: { revision: `1.0.0@sha256:${'a'.repeat(64)}` },
  ...fields,
})

test('the state is one sentence, with what to do next where something is wrong', () => {
  expect(tell(one('Ready'))).toEqual({ text: 'Up to date: 1.0.0 (sha256:aaaaaaaaaaaa…) is pulled.' })
  expect(tell(one('Failed'))).toMatchObject({ text: 'Not up to date: no route.', next: { action: 'update' } })
  expect(tell(one('Failed')).next?.text).toContain('stays usable')
  expect(tell(one('Suspended', { suspended: true })).next?.action).toBe('resume')
})
