import { Anchor, Badge, Code, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

import type { Schemas } from '../../../api/client'
import { Ago } from '../../../ui/Ago'
import { Facts } from '../../../ui/Facts'
import { PlainTable } from '../../../ui/PlainTable'
import { shownInterval } from '../form'
import { history, type ReleaseDetail } from '../queries'
import { sourceLink } from './sourceLink'

const strategies: Record<string, string> = { ChartVersion: 'Chart Version', Revision: 'Revision' }

/** What is known of a release, and its conditions. */
export function Overview({ release }: { release: ReleaseDetail }) {
  // Helm's newest record: the status does not tell of a rollback, or of what the helm command line did.
  const newest = useQuery(history(release.namespace, release.name)).data?.[0]
  return (
    <Stack gap="lg">
      <Facts items={facts(release, newest)} />
      <Stack gap="xs" component="section">
        <Title order={2} size="h4">
          Conditions
        </Title>
        <Conditions release={release} />
      </Stack>
    </Stack>
  )
}

function facts(release: ReleaseDetail, newest: Schemas['RevisionView'] | undefined): [string, ReactNode][] {
  const { chart, status, labels } = release
  const deployed = newest ? { ...newest, lastDeployed: newest.deployed } : release.deployed
  const link = sourceLink(chart)
  const source = `${chart.sourceNamespace === release.namespace ? '' : `${chart.sourceNamespace}/`}${chart.sourceName}`
  const other = (label: string, value: string): [string, ReactNode][] => (value === release.namespace ? [] : [[label, value]])
  return [
    ['Chart', chart.name ?? deployed?.chartName ?? '–'],
    ['Version deployed', deployed ? `${deployed.chartVersion}${deployed.appVersion ? ` (application ${deployed.appVersion})` : ''}` : 'nothing yet'],
    ...(chart.name ? ([['Version asked for', chart.version === '*' ? 'newest stable (*)' : chart.version]] as [string, ReactNode][]) : []),
    [
      'Source',
      <Group key="source" gap={6} component="span">
        {link ? <Anchor size="sm" renderRoot={(props) => <Link {...link} {...props} />}>{source}</Anchor> : source}
        <Text span size="xs" c="dimmed">
          {chart.sourceKind}
        </Text>
      </Group>,
    ],
    ['Revision', deployed ? `${deployed.revision}, ${deployed.status}` : '–'],
    ['Release name', release.releaseName],
    ['Namespace', release.namespace],
    ...other('Target namespace', release.targetNamespace),
    ...other('Storage namespace', release.storageNamespace),
    ['Interval (MM:SS)', shownInterval(release.interval)],
    ...(chart.interval ? ([['Chart interval (MM:SS)', shownInterval(chart.interval)]] as [string, ReactNode][]) : []),
    ...(release.timeout ? ([['Timeout (MM:SS)', shownInterval(release.timeout)]] as [string, ReactNode][]) : []),
    ...(chart.reconcileStrategy ? ([['Reconcile strategy', strategies[chart.reconcileStrategy] ?? chart.reconcileStrategy]] as [string, ReactNode][]) : []),
    ['Last deployed', deployed ? <Ago time={deployed.lastDeployed} /> : '–'],
    ['Added', <Ago key="added" time={release.createdAt} />],
    ['Ready since', status.ready === 'True' ? <Ago time={status.since} /> : 'not ready'],
    ...(Object.keys(labels).length > 0 ? ([['Labels', <Labels key="labels" labels={labels} />]] as [string, ReactNode][]) : []),
    ...(release.deployed?.ociDigest ? ([['Digest', <Code key="digest">{release.deployed.ociDigest}</Code>]] as [string, ReactNode][]) : []),
  ]
}

function Labels({ labels }: { labels: Record<string, string> }) {
  return (
    <Group gap={4} component="span">
      {Object.entries(labels).map(([key, value]) => (
        <Code key={key} style={{ overflowWrap: 'anywhere' }}>
          {key}: {value}
        </Code>
      ))}
    </Group>
  )
}

function Conditions({ release }: { release: ReleaseDetail }) {
  const { conditions } = release.status
  if (conditions.length === 0) return <Text size="sm">None yet: the controller has not looked at it.</Text>
  return (
    <PlainTable
      label="Conditions"
      minWidth={640}
      rows={conditions}
      rowKey={({ type }) => type}
      columns={[
        { title: 'Type', render: ({ type }) => type },
        {
          title: 'Status',
          render: (condition) => (
            <Badge color={colourOf(condition)} size="sm">
              {condition.status}
            </Badge>
          ),
        },
        { title: 'Reason', render: ({ reason }) => reason },
        { title: 'Message', render: ({ message }) => message, cell: { style: { overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' } } },
        { title: 'Since', render: ({ lastTransitionTime }) => <Ago time={lastTransitionTime} /> },
      ]}
    />
  )
}

/** Of some conditions `True` is the bad news, of others only a remark. */
function colourOf({ type, status }: { type: string; status: string }): string {
  if (type === 'Reconciling' || status === 'Unknown') return 'gray.7'
  if (type === 'Stalled') return status === 'True' ? 'red.9' : 'gray.7'
  return status === 'True' ? 'green.9' : 'red.9'
}
