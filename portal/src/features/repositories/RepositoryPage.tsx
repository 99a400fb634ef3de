import { Card, Group, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'

import { paths } from '../../lib/paths'
import { ago, exact, minutesAndSeconds } from '../../lib/time'
import { PageHead } from '../../ui/PageHead'
import { Problem } from '../../ui/Problem'
import { StatusBadge } from '../../ui/StatusBadge'
import { dependents, repository, type Repository } from './queries'

/** One repository: how it is configured, what the last sync found, and who uses it. */
export function RepositoryPage() {
  const { namespace, name } = useParams({ from: '/signed-in/k8s/helm/repository/$namespace/$name' })
  const one = useQuery(repository(namespace, name))
  const uses = useQuery(dependents(namespace, name))
  return (
    <Stack>
      <PageHead
        title={name}
        crumbs={[{ label: 'Kubernetes' }, { label: 'Helm' }, { label: 'Helm Repository', to: paths.repositories }, { label: name }]}
      />
      {one.error && <Problem error={one.error} retry={() => void one.refetch()} />}
      {one.isPending && <Skeleton height={200} />}
      {one.data && <Details repository={one.data} releases={uses.data?.items.map((use) => `${use.namespace}/${use.name}`)} />}
    </Stack>
  )
}

function Details({ repository: one, releases }: { repository: Repository; releases?: string[] }) {
  const { catalog, status } = one
  return (
    <>
      <Group>
        <StatusBadge status={status} />
        <Text size="sm">{status.message}</Text>
      </Group>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Facts
          title="Configuration"
          facts={[
            ['Repository URL', one.url],
            ['Repository Type', one.type === 'oci' ? 'OCI Repository' : 'Helm Repository'],
            ['Interval (MM:SS)', minutesAndSeconds(one.intervalSeconds, one.interval)],
            ['Credentials', one.credentials.set ? `set (${one.credentials.secretName ?? ''})` : 'none'],
            ['Namespace', one.namespace],
          ]}
        />
        <Facts
          title="Sync status"
          facts={[
            ['Checked', <Time key="checked" time={catalog?.lastCheckedAt} />],
            ['Changed', <Time key="changed" time={catalog?.lastChangedAt} />],
            ['Next sync', <Time key="next" time={catalog?.nextSyncAt} />],
            ['Charts', catalog?.charts ?? '–'],
            ['Versions', catalog?.versions ?? '–'],
            ['Listed by', catalog ? `${catalog.method}${catalog.complete ? ', complete' : ', not complete'}` : '–'],
            ['Digest', catalog?.digest ?? '–'],
          ]}
        />
      </SimpleGrid>
      {catalog?.detail && <Text size="sm">{catalog.detail}</Text>}
      <Facts title="Releases that use it" facts={(releases ?? []).map((release) => [release, ''])} />
    </>
  )
}

function Time({ time }: { time?: string | null }) {
  return <time dateTime={time ?? undefined} title={exact(time)}>{ago(time)}</time>
}

function Facts({ title, facts }: { title: string; facts: [string, ReactNode][] }) {
  return (
    <Card withBorder>
      <Title order={2} size="h4" mb="xs">
        {title}
      </Title>
      {facts.length === 0 && (
        <Text size="sm" c="dimmed">
          None
        </Text>
      )}
      <dl style={{ display: 'grid', gridTemplateColumns: 'max-content 1fr', gap: '6px 16px', margin: 0 }}>
        {facts.map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
      </dl>
    </Card>
  )
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <Text component="dt" size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="dd" size="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
        {value}
      </Text>
    </>
  )
}
