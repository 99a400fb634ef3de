import type { Schemas } from '../../../api/client'
import { paths } from '../../../lib/paths'

/** Where the source of a chart is shown, for the kinds that have a page. */
export function sourceLink({ sourceKind, sourceNamespace: namespace, sourceName: name }: Schemas['ChartOrigin']) {
  if (sourceKind === 'HelmRepository') return { to: paths.repository, params: { namespace, name } } as const
  if (sourceKind === 'OCIRepository') return { to: paths.ociRepositories, search: { search: name } } as const
  return undefined
}
