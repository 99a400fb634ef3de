import { ActionIcon, Group, Stack, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { IconArrowsLeftRight } from '@tabler/icons-react'

import { visible } from '../../lib/visible'
import { PageHead } from '../../ui/PageHead'
import { Problem } from '../../ui/Problem'
import { Loading } from './ChartView'
import { Comparison } from './Comparison'
import { chartCrumbs } from './crumbs'
import { Nothing } from './Nothing'
import { chartVersions, comparison, type Origin } from './queries'
import { VersionPicker } from './VersionPicker'
import { newestVersion, versionBefore } from './versionOrder'

const route = '/signed-in/k8s/helm/repository/$namespace/$name/chart/$chart/compare'

/** Two versions of a chart, side by side: what a person who upgrades gets. */
export function ComparePage() {
  const { namespace, name, chart } = useParams({ from: route })
  const search = useSearch({ from: route })
  const navigate = useNavigate()
  const origin: Origin = { namespace, repository: name, chart }
  const versions = useQuery(chartVersions(origin))
  const all = versions.data ?? []
  const to = search.to ?? newestVersion(all)?.version
  const from = search.from ?? (to === undefined ? undefined : versionBefore(all, to)?.version)
  const same = from === to
  const compared = useQuery({ ...comparison(origin, from ?? '', to ?? ''), enabled: from !== undefined && to !== undefined && !same })
  const show = (part: { from?: string; to?: string }) =>
    void navigate({ to: '.', search: (before) => ({ ...before, from, to, ...part }), replace: true })
  return (
    <Stack>
      <PageHead title={`Compare versions of ${visible(chart)}`} crumbs={chartCrumbs(origin, 'Compare versions')} />
      <Group align="flex-start">
        <VersionPicker label="From" versions={all} value={from} onChange={(version) => show({ from: version })} />
        <Tooltip label="Swap">
          <ActionIcon
            variant="default"
            size={36}
            mt={25}
            aria-label="Swap the versions"
            disabled={from === undefined || to === undefined}
            onClick={() => show({ from: to, to: from })}
          >
            <IconArrowsLeftRight size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <VersionPicker label="To" versions={all} value={to} onChange={(version) => show({ to: version })} />
      </Group>
      {versions.error && <Problem error={versions.error} retry={() => void versions.refetch()} />}
      {compared.error && !versions.error && <Problem error={compared.error} retry={() => void compared.refetch()} />}
      {versions.data && from === undefined && <Nothing>There is only one version: nothing to compare it with.</Nothing>}
      {same && from !== undefined && <Nothing>Choose two different versions.</Nothing>}
      {(versions.isPending || compared.isLoading) && <Loading />}
      {compared.data && !same && <Comparison of={compared.data} />}
    </Stack>
  )
}
