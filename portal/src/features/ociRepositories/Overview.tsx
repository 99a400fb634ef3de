import { Anchor, Skeleton, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'

import { labelsText } from '../../lib/checks'
import { paths } from '../../lib/paths'
import { credentialsWords } from '../../lib/registryWords'
import { minutesAndSeconds } from '../../lib/time'
import { visible } from '../../lib/visible'
import { Ago } from '../../ui/Ago'
import { Facts } from '../../ui/Facts'
import { Problem } from '../../ui/Problem'
import { Conditions } from '../../ui/registry/Conditions'
import { Digest } from '../../ui/registry/Digest'
import { Section } from '../../ui/registry/Section'
import { chart, type OciRepository } from './queries'

type Items = Parameters<typeof Facts>[0]['items']

/** An OCI repository at a glance: the chart in it, what was pulled, and its configuration. */
export function Overview({ repository }: { repository: OciRepository }) {
  return (
    <Stack>
      <Section title="Artifact">
        <Artifact repository={repository} />
      </Section>
      {repository.artifact && (
        <Section title="Chart">
          <Chart repository={repository} />
        </Section>
      )}
      <Section title="Configuration">
        <Facts items={configuration(repository)} />
      </Section>
      <Section title="Conditions">
        <Conditions conditions={repository.status.conditions} />
      </Section>
    </Stack>
  )
}

function Artifact({ repository: { artifact } }: { repository: OciRepository }) {
  if (!artifact) {
    return (
      <Text size="sm" c="dimmed">
        Nothing was pulled yet.
      </Text>
    )
  }
  const items: Items = [
    ['Revision', artifact.revision],
    ['Changed', <Ago key="changed" time={artifact.changedAt} />],
    ['Size', artifact.size ? size(artifact.size) : '–'],
    ['Digest of the stored file', artifact.digest ? <Digest of={artifact.digest} /> : '–'],
    ...Object.entries(artifact.metadata ?? {}).map(([key, value]): Items[number] => [visible(key), visible(value)]),
  ]
  return <Facts items={items} />
}

function Chart({ repository: { namespace, name } }: { repository: OciRepository }) {
  const detail = useQuery(chart(namespace, name))
  if (detail.error && !detail.data) return <Problem error={detail.error} retry={() => void detail.refetch()} />
  if (!detail.data) return <Skeleton height={72} />
  const { name: of, version, appVersion, description, type } = detail.data
  return (
    <Stack gap="sm">
      {description && (
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {visible(description)}
        </Text>
      )}
      <Facts
        items={[
          [
            'Chart',
            <Anchor key="chart" size="sm" renderRoot={(props) => <Link to={paths.ociChart} params={{ namespace, name }} {...props} />}>
              {visible(of)}
            </Anchor>,
          ],
          ['Version', visible(version)],
          ['App Version', visible(appVersion) || '–'],
          ['Type', type],
        ]}
      />
    </Stack>
  )
}

function configuration(one: OciRepository): Items {
  const { credentials, reference, layer } = one
  const items: Items = [
    ['Repository URL', one.url],
    reference.digest
      ? ['Digest', <Digest key="digest" of={reference.digest} />]
      : reference.semver
        ? ['Range', reference.semver]
        : ['Tag', reference.tag ?? 'latest'],
    ['Media Type', layer.mediaType ?? 'The first layer'],
    ['Operation', layer.operation ?? 'extract'],
    ['Interval (MM:SS)', minutesAndSeconds(one.intervalSeconds, one.interval)],
    [
      'Credentials',
      credentials.set
        ? `Set: ${credentialsWords(credentials.kind)} in the Secret ${credentials.secretName}`
        : one.provider === 'generic'
          ? 'None'
          : `From the cloud (${one.provider})`,
    ],
    ['Certificates', one.certificateSecretName ? `From the Secret ${one.certificateSecretName}` : 'The system’s'],
    ['Namespace', one.namespace],
    ['Added', <Ago key="added" time={one.createdAt} />],
  ]
  if (reference.semverFilter) items.push(['Only tags that match', reference.semverFilter])
  if (credentials.missing) items.push(['Problem', `The Secret ${credentials.secretName} does not exist`])
  if (one.verification) items.push(['Signatures', `Verified with ${one.verification}`])
  if (one.serviceAccountName) items.push(['Service account', one.serviceAccountName])
  if (one.timeout) items.push(['Timeout', one.timeout])
  if (one.insecure) items.push(['Plain HTTP', 'Allowed: nothing is encrypted'])
  if (Object.keys(one.labels).length > 0) {
    items.push(['Labels', <span key="labels" style={{ whiteSpace: 'pre-wrap' }}>{labelsText(one.labels)}</span>])
  }
  return items
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
