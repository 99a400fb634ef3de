import { expect, it } from 'vitest'

import type { Version } from './queries'
import { newestVersion, versionBefore } from './versionOrder'

const versions = ['2.0.0-rc.1', '1.1.0', '1.1.0-rc.1', '1.0.0'].map(
  (version): Version => ({ version, appVersion: '', description: '', prerelease: version.includes('-'), deprecated: false }),
)

it('means the newest stable version where none is named', () => {
  expect(newestVersion(versions)?.version).toBe('1.1.0')
  expect(newestVersion(versions.slice(0, 1))?.version).toBe('2.0.0-rc.1')
  expect(newestVersion([])).toBeUndefined()
})

it('compares with the stable version before', () => {
  expect(versionBefore(versions, '2.0.0-rc.1')?.version).toBe('1.1.0')
  expect(versionBefore(versions, '1.1.0')?.version).toBe('1.0.0')
  expect(versionBefore(versions, '1.0.0')).toBeUndefined()
})
