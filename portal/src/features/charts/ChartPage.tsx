import { Alert, Anchor, Button, Group, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { IconGitCompare } from '@tabler/icons-react'

import { paths } from '../../lib/paths'
import { Problem } from '../../ui/Problem'
import { ChartHead } from './ChartHead'
import { ChartView, Loading } from './ChartView'
import { chartCrumbs } from './crumbs'
import { DeployButton } from './DeployButton'
import { Nothing } from './Nothing'
import { chartVersion, chartVersions, type Origin, type Version } from './queries'
import { VersionPicker } from './VersionPicker'
import { newestVersion, versionBefore } from './versionOrder'

const route = '/signed-in/k8s/helm/repository/$namespace/$name/chart/$chart'

/** A chart of a Helm repository: one of its versions, opened. */
export function ChartPage() {
  const { namespace, name, chart } = useParams({ from: route })
  const search = useSearch({ from: route })
  const navigate = useNavigate()
  const origin: Origin = { namespace, repository: name, chart }
  const versions = useQuery(chartVersions(origin))
  const all = versions.data ?? []
  const version = search.version ?? newestVersion(all)?.version
  const listed = all.find((one) => one.version === version)
  const detail = useQuery({ ...chartVersion(origin, version ?? '', listed?.digest), enabled: version !== undefined && !versions.isPending })
  const show = (part: { version?: string; tab?: string }) =>
    void navigate({ to: '.', search: (before) => ({ ...before, ...part }), replace: true })
  return (
    <Stack>
      <ChartHead
        name={chart}
        crumbs={chartCrumbs(origin)}
        shown={detail.data ?? listed}
        actions={
          <>
            {all.length > 1 && version && <CompareButton origin={origin} versions={all} version={version} />}
            <DeployButton origin={origin} version={version} library={detail.data?.type === 'library'} />
          </>
        }
        picker={
          all.length > 0 && (
            <Group align="flex-end">
              <VersionPicker label="Version" versions={all} value={version} onChange={(next) => show({ version: next })} />
              <Newer versions={all} current={listed} origin={origin} />
            </Group>
          )
        }
      />
      {versions.error && <Problem error={versions.error} retry={() => void versions.refetch()} />}
      {versions.data?.length === 0 && <Nothing>The last sync found no version of this chart.</Nothing>}
      {detail.error && !versions.error && <Problem error={detail.error} retry={() => void detail.refetch()} />}
      {(versions.isPending || (version !== undefined && detail.isPending && !versions.error)) && <Loading />}
      {detail.data && (
        <ChartView origin={origin} detail={detail.data} versions={all} tab={search.tab} onTab={(tab) => show({ tab })} />
      )}
    </Stack>
  )
}

function CompareButton({ origin, versions, version }: { origin: Origin; versions: Version[]; version: string }) {
  const before = versionBefore(versions, version)
  const [from, to] = before ? [before.version, version] : [version, versions[0]?.version]
  const params = { namespace: origin.namespace, name: origin.repository, chart: origin.chart ?? '' }
  return (
    <Button
      variant="default"
      leftSection={<IconGitCompare size={16} aria-hidden />}
      renderRoot={(props) => (
        <Link to={paths.compareCharts} params={params} search={({ namespace }) => ({ namespace, from, to })} {...props} />
      )}
    >
      Compare versions
    </Button>
  )
}

/** Says that the version shown is not the newest. */
function Newer({ versions, current, origin }: { versions: Version[]; current: Version | undefined; origin: Origin }) {
  const newest = newestVersion(versions)
  if (!newest || !current || versions.indexOf(current) <= versions.indexOf(newest)) return null
  const params = { namespace: origin.namespace, name: origin.repository, chart: origin.chart ?? '' }
  return (
    <Alert color="blue" p="xs">
      Newer version:{' '}
      <Anchor
        inherit
        underline="always"
        renderRoot={(props) => (
          <Link to={paths.chart} params={params} search={(before) => ({ ...before, version: newest.version })} {...props} />
        )}
      >
        {newest.version}
      </Anchor>
    </Alert>
  )
}
