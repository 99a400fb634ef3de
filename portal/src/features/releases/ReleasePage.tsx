import { Card, Code, Group, ScrollArea, Skeleton, Stack, Table, Tabs, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'

import { paths } from '../../lib/paths'
import { ago, exact } from '../../lib/time'
import { PageHead } from '../../ui/PageHead'
import { Problem } from '../../ui/Problem'
import { StatusBadge } from '../../ui/StatusBadge'
import { history, notes, release, resources } from './queries'

/** One release: its state in a sentence, what it deployed, its revisions and notes. */
export function ReleasePage() {
  const { namespace, name } = useParams({ from: '/signed-in/k8s/helm/release/$namespace/$name' })
  const one = useQuery(release(namespace, name))
  return (
    <Stack>
      <PageHead
        title={name}
        crumbs={[{ label: 'Kubernetes' }, { label: 'Helm' }, { label: 'Release', to: paths.releases }, { label: name }]}
      />
      {one.error && <Problem error={one.error} retry={() => void one.refetch()} />}
      {one.isPending && <Skeleton height={160} />}
      {one.data && (
        <>
          <Group>
            <StatusBadge status={one.data.status} />
            <Text size="sm">{one.data.status.message}</Text>
          </Group>
          <Tabs defaultValue="resources">
            <Tabs.List>
              <Tabs.Tab value="resources">Resources</Tabs.Tab>
              <Tabs.Tab value="history">History</Tabs.Tab>
              <Tabs.Tab value="values">Values</Tabs.Tab>
              <Tabs.Tab value="notes">Notes</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="resources" pt="md">
              <Resources namespace={namespace} name={name} />
            </Tabs.Panel>
            <Tabs.Panel value="history" pt="md">
              <History namespace={namespace} name={name} />
            </Tabs.Panel>
            <Tabs.Panel value="values" pt="md">
              <Text component="pre" ff="monospace" size="sm">
                {one.data.valuesYaml || 'The chart’s defaults.'}
              </Text>
            </Tabs.Panel>
            <Tabs.Panel value="notes" pt="md">
              <Notes namespace={namespace} name={name} />
            </Tabs.Panel>
          </Tabs>
        </>
      )}
    </Stack>
  )
}

type Named = { namespace: string; name: string }

function Resources({ namespace, name }: Named) {
  const tree = useQuery(resources(namespace, name))
  if (tree.error) return <Problem error={tree.error} retry={() => void tree.refetch()} />
  return (
    <Stack gap="xs">
      {tree.data?.summary && <Text size="sm">{tree.data.summary}</Text>}
      <ScrollArea>
        <Table aria-label="Resources">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Kind</Table.Th>
              <Table.Th>Name</Table.Th>
              <Table.Th>Health</Table.Th>
              <Table.Th>Reason</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tree.data?.items.map((node) => (
              <Table.Tr key={`${node.kind}/${node.name}`}>
                <Table.Td>{node.kind}</Table.Td>
                <Table.Td>{node.name}</Table.Td>
                <Table.Td>{node.health}</Table.Td>
                <Table.Td>{node.reason}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
    </Stack>
  )
}

function History({ namespace, name }: Named) {
  const revisions = useQuery(history(namespace, name))
  if (revisions.error) return <Problem error={revisions.error} retry={() => void revisions.refetch()} />
  return (
    <ScrollArea>
      <Table aria-label="Revisions">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Revision</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Chart</Table.Th>
            <Table.Th>App version</Table.Th>
            <Table.Th>Deployed</Table.Th>
            <Table.Th>Description</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {revisions.data?.map((revision) => (
            <Table.Tr key={revision.revision}>
              <Table.Td>{revision.revision}</Table.Td>
              <Table.Td>{revision.status}</Table.Td>
              <Table.Td>
                <Code>
                  {revision.chartName}-{revision.chartVersion}
                </Code>
              </Table.Td>
              <Table.Td>{revision.appVersion}</Table.Td>
              <Table.Td title={exact(revision.deployed)}>{ago(revision.deployed)}</Table.Td>
              <Table.Td>{revision.description}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}

function Notes({ namespace, name }: Named) {
  const text = useQuery(notes(namespace, name))
  if (text.error) return <Problem error={text.error} retry={() => void text.refetch()} />
  return (
    <Card withBorder>
      <Text component="pre" ff="monospace" size="sm" m={0}>
        {text.data?.notes || 'The chart has no notes.'}
      </Text>
    </Card>
  )
}
