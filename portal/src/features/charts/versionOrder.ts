import type { Version } from './queries'

/** The version that is meant where none is named: the newest stable one, else the newest. The list is newest first. */
export function newestVersion(versions: Version[]): Version | undefined {
  return versions.find(({ prerelease }) => !prerelease) ?? versions[0]
}

/** The version before one: the next older stable one, else the next older one. */
export function versionBefore(versions: Version[], version: string): Version | undefined {
  const older = versions.slice(versions.findIndex((one) => one.version === version) + 1)
  return older.find(({ prerelease }) => !prerelease) ?? older[0]
}
