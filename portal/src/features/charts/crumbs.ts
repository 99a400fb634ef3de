import { paths } from '../../lib/paths'
import { visible } from '../../lib/visible'
import type { Crumb } from '../../ui/PageHead'
import type { Origin } from './queries'

const segment = encodeURIComponent

/** The way to a chart of a Helm repository; `below` is a view of the chart. */
export function chartCrumbs({ namespace, repository, chart = '' }: Origin, below?: string): Crumb[] {
  const repositoryAt = `${paths.repositories}/${segment(namespace)}/${segment(repository)}`
  return [
    { label: 'Kubernetes' },
    { label: 'Helm' },
    { label: 'Helm Repository', to: paths.repositories },
    { label: repository, to: repositoryAt },
    below ? { label: visible(chart), to: `${repositoryAt}/chart/${segment(chart)}` } : { label: visible(chart) },
    ...(below ? [{ label: below }] : []),
  ]
}
