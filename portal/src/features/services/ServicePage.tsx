import { Alert, Anchor, Button, Card, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { IconAnchor, IconInfoCircle } from '@tabler/icons-react'

import type { Schemas } from '../../api/client'
import { paths } from '../../lib/paths'
import { exact } from '../../lib/time'
import { Ago } from '../../ui/Ago'
import { Facts } from '../../ui/Facts'
import { PageHead } from '../../ui/PageHead'
import { PlainTable } from '../../ui/PlainTable'
import { Problem } from '../../ui/Problem'
import { StatusBadge } from '../../ui/StatusBadge'
import { Images, ReleaseOf, Running } from './parts'
import { resources, service, type Workload } from './queries'

/** One workload, read-only: what runs, how much of it, and the release that made it. */
export function ServicePage() {
  const { namespace, kind, name } = useParams({ from: '/signed-in/k8s/services/$namespace/$kind/$name' })
  const one = useQuery(service(namespace, kind, name))
  const release = one.data?.release
  return (
    <Stack>
      <PageHead
        title={name}
        crumbs={[{ label: 'Kubernetes' }, { label: 'Services', to: paths.services }, { label: name }]}
        status={one.data && <StatusBadge status={{ state: one.data.state }} />}
        actions={
          release && (
            <Button
              variant="default"
              leftSection={<IconAnchor size={16} aria-hidden />}
              renderRoot={(props) => <Link to={paths.release} params={release} {...props} />}
            >
              Release {release.name}
            </Button>
          )
        }
      />
      {one.error && <Problem error={one.error} retry={() => void one.refetch()} />}
      {one.isPending && <Skeleton height={180} />}
      {one.data && <Details workload={one.data} />}
      {one.data && release && <Pods workload={one.data} release={release} />}
    </Stack>
  )
}

function Details({ workload }: { workload: Workload }) {
  return (
    <>
      <Alert color="gray" p="xs" icon={<IconInfoCircle aria-hidden />}>
        A release made this {workload.kind}. It can only be looked at here: to change its image, replicas or configuration, update the
        release.
      </Alert>
      <Card withBorder>
        <Facts
          items={[
            ['Kind', workload.kind],
            ['Namespace', workload.namespace],
            ['Replicas', workload.replicas],
            ['Running', <Running key="running" workload={workload} />],
            ['On the newest template', `${workload.updated} / ${workload.replicas}`],
            ['Release', <ReleaseOf key="release" workload={workload} />],
            ['App', workload.app ?? '–'],
            ['Created', workload.createdAt ? <Created key="created" time={workload.createdAt} /> : '–'],
          ]}
        />
        <Text size="xs" c="dimmed" mt="md" mb={4}>
          {workload.images.length === 1 ? 'Image' : 'Images'}
        </Text>
        <Images images={workload.images} />
      </Card>
    </>
  )
}

function Created({ time }: { time: string }) {
  return (
    <>
      {exact(time)} (<Ago time={time} />)
    </>
  )
}

type Node = Schemas['Resources']['items'][number]

/** The workload's Pods, from the tree of its release. */
function Pods({ workload, release }: { workload: Workload; release: { namespace: string; name: string } }) {
  const tree = useQuery(resources(release.namespace, release.name))
  const own = tree.data?.items.find(
    (node) => node.kind === workload.kind && node.name === workload.name && (node.namespace ?? workload.namespace) === workload.namespace,
  )
  const rows = below(own).filter(({ kind }) => kind === 'Pod')
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        Pods
      </Title>
      {tree.error && <Problem error={tree.error} retry={() => void tree.refetch()} />}
      {tree.isPending && <Skeleton height={80} />}
      {own?.reason && <Text size="sm">{own.reason}</Text>}
      {tree.data && rows.length === 0 && (
        <Text size="sm" c="dimmed">
          None is known.{' '}
          <Anchor inherit underline="always" renderRoot={(props) => <Link to={paths.release} params={release} {...props} />}>
            See all resources of the release
          </Anchor>
        </Text>
      )}
      {rows.length > 0 && (
        <PlainTable
          label="Pods"
          rows={rows}
          rowKey={({ name }) => name}
          columns={[
            { title: 'Name', render: ({ name }) => name, cell: { style: { overflowWrap: 'anywhere' } } },
            { title: 'Health', render: ({ health, reason }) => `${health}${reason ? ` – ${reason}` : ''}` },
          ]}
        />
      )}
    </Stack>
  )
}

function below(node: Node | undefined): Node[] {
  return (node?.children ?? []).flatMap((child) => [child, ...below(child)])
}
