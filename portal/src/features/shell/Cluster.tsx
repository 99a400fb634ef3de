import { Badge, Popover, Stack, Text, UnstyledButton } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'

import { answer, client } from '../../api/client'

const cluster = queryOptions({
  queryKey: ['cluster'],
  queryFn: () => answer(client.GET('/api/v1/cluster')),
  staleTime: 300_000,
})

const version = queryOptions({
  queryKey: ['version'],
  queryFn: () => answer(client.GET('/api/v1/version')),
  staleTime: Number.POSITIVE_INFINITY,
})

/** Says so where no container runs. */
export function Simulated() {
  const about = useQuery(cluster)
  if (!about.data?.simulated) return null
  return (
    <Popover width={300} position="bottom-start" withArrow shadow="md">
      <Popover.Target>
        <UnstyledButton aria-label="Simulated cluster: what that means" style={{ flexShrink: 0 }}>
          <Badge color="orange.9" variant="filled" style={{ cursor: 'pointer' }}>
            Simulated cluster
          </Badge>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm">
          {about.data.note ??
            'This is the embedded cluster: its objects are real, but its Pods run no containers. Workloads become ready by themselves.'}
        </Text>
      </Popover.Dropdown>
    </Popover>
  )
}

/** Which cluster and which Pilothouse this is. */
export function ClusterFacts() {
  const about = useQuery(cluster)
  const program = useQuery(version)
  const { name, kubernetesVersion, nodes } = about.data ?? {}
  return (
    <Stack gap={2} mt="auto" px="sm" py="xs">
      {name && (
        <Text size="xs" fw={600} truncate title={name}>
          {name}
        </Text>
      )}
      {kubernetesVersion && (
        <Text size="xs" c="dimmed">
          Kubernetes {kubernetesVersion}
          {typeof nodes === 'number' && `, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`}
        </Text>
      )}
      {program.data && (
        <Text size="xs" c="dimmed">
          Pilothouse {program.data.version}
        </Text>
      )}
    </Stack>
  )
}
