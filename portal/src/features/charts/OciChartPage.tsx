import { Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'

import { paths } from '../../lib/paths'
import { visible } from '../../lib/visible'
import { Problem } from '../../ui/Problem'
import { ChartHead } from './ChartHead'
import { ChartView, Loading } from './ChartView'
import { DeployButton } from './DeployButton'
import { ociChart, type Origin } from './queries'

const route = '/signed-in/k8s/helm/oci-repository/$namespace/$name/chart'

/** The chart that an OCI repository holds, in the version that was pulled last. */
export function OciChartPage() {
  const { namespace, name } = useParams({ from: route })
  const { tab } = useSearch({ from: route })
  const navigate = useNavigate()
  const origin: Origin = { namespace, repository: name }
  const detail = useQuery(ociChart(origin))
  const chart = detail.data?.name ?? name
  return (
    <Stack>
      <ChartHead
        name={chart}
        crumbs={[
          { label: 'Kubernetes' },
          { label: 'Helm' },
          { label: 'OCI Repository', to: paths.ociRepositories },
          { label: name, to: `${paths.ociRepositories}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}` },
          { label: 'Chart' },
        ]}
        shown={detail.data}
        actions={<DeployButton origin={origin} version={undefined} library={detail.data?.type === 'library'} />}
        picker={
          detail.data && (
            <Group gap="xs">
              <Text size="sm">Version {visible(detail.data.version)}, which this OCI repository pulled last.</Text>
            </Group>
          )
        }
      />
      {detail.error && <Problem error={detail.error} retry={() => void detail.refetch()} />}
      {detail.isPending && <Loading />}
      {detail.data && (
        <ChartView
          origin={origin}
          detail={detail.data}
          tab={tab}
          onTab={(next) => void navigate({ to: '.', search: (before) => ({ ...before, tab: next }), replace: true })}
        />
      )}
    </Stack>
  )
}
