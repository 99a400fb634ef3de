import { text } from '../../lib/search'

/** What the addresses of a release's pages may choose. */

export type NewRelease = {
  sourceKind?: 'HelmRepository' | 'OCIRepository'
  source?: string
  sourceNamespace?: string
  chart?: string
  version?: string
  view?: 'yaml'
}

/** `?source=…&chart=…&version=…` fills in the form of a new release. */
export function newRelease(search: Record<string, unknown>): NewRelease {
  return {
    sourceKind: search.sourceKind === 'OCIRepository' ? 'OCIRepository' : undefined,
    source: text(search.source),
    sourceNamespace: text(search.sourceNamespace),
    chart: text(search.chart),
    version: text(search.version),
    view: search.view === 'yaml' ? 'yaml' : undefined,
  }
}

export type ChangedRelease = { version?: string; view?: 'yaml' }

/** `?version=…` begins the change of a release with that version. */
export function changedRelease(search: Record<string, unknown>): ChangedRelease {
  return { version: text(search.version), view: search.view === 'yaml' ? 'yaml' : undefined }
}

export const TABS = ['overview', 'resources', 'history', 'values', 'tests', 'notes', 'manifest', 'yaml', 'events'] as const
export type Tab = (typeof TABS)[number]

export type ReleaseView = {
  tab?: Tab
  /** Only resources that are not ready. */
  unhealthy?: true
  /** Revisions that are compared. */
  from?: number
  to?: number
}

export function releaseView(search: Record<string, unknown>): ReleaseView {
  const revision = (value: unknown) => {
    const number = Number(value)
    return value !== undefined && Number.isInteger(number) && number > 0 ? number : undefined
  }
  return {
    tab: TABS.find((tab) => tab === search.tab),
    unhealthy: search.unhealthy === true || search.unhealthy === 'true' ? true : undefined,
    from: revision(search.from),
    to: revision(search.to),
  }
}
