import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'

import type { Schemas } from '../../../api/client'
import { hasCatalog, type ReleaseForm } from '../form'
import { chartDetail, ociChart, resolution } from '../sources'

type Chosen = { chart?: Schemas['ChartDetail']; pending: boolean; error?: unknown }

/** The chart that the form has chosen, in the version that it picks now. */
export function useChart(form: ReleaseForm, namespace: string): Chosen {
  const at = { namespace: form.sourceNamespace || namespace, repository: form.sourceName }
  const [range] = useDebouncedValue(form.version.trim() || '*', 300)
  const known = at.namespace !== '' && at.repository !== ''
  const catalog = hasCatalog(form.sourceKind)
  const picked = useQuery({
    ...resolution(at, form.chart, range),
    enabled: form.sourceKind === 'HelmRepository' && known && form.chart !== '',
  })
  const version = picked.data?.version ?? ''
  const detail = useQuery({ ...chartDetail(at, form.chart, version), enabled: catalog && known && version !== '' })
  const single = useQuery({ ...ociChart(at), enabled: form.sourceKind === 'OCIRepository' && known })
  if (form.sourceKind === 'OCIRepository') return { chart: single.data, pending: single.isLoading, error: single.error }
  return { chart: detail.data, pending: picked.isLoading || detail.isLoading, error: detail.error ?? picked.error }
}
