import { Alert, Anchor, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { budget, counted, credentialsWords, familyName, methodName } from '../../lib/registryWords'
import { labelsText } from '../../lib/checks'
import { sentence } from '../../lib/fields'
import { minutesAndSeconds } from '../../lib/time'
import { Facts } from '../../ui/Facts'
import { Ago } from '../../ui/Ago'
import { Conditions } from '../../ui/registry/Conditions'
import { Digest } from '../../ui/registry/Digest'
import { Section } from '../../ui/registry/Section'
import { syncs, type Repository } from './queries'
import { SyncTimeline } from './SyncTimeline'

type Props = { repository: Repository; openCharts: () => void }

/** A repository at a glance: its syncs, what they found and how, and its configuration. */
export function Overview({ repository, openCharts }: Props) {
  const timeline = useQuery(syncs(repository.namespace, repository.name))
  return (
    <Stack>
      <Section title="Sync status">
        <Stack>
          <Facts
            items={[
              ['Last sync', <Ago key="checked" time={repository.catalog?.lastCheckedAt} />],
              ['Last change found', <Ago key="changed" time={repository.catalog?.lastChangedAt} />],
              ['Next sync', next(repository)],
            ]}
          />
          <SyncTimeline told={repository.status.message} syncs={timeline.data} error={timeline.error} retry={() => void timeline.refetch()} />
        </Stack>
      </Section>
      <Section title="Metadata">
        <Metadata repository={repository} openCharts={openCharts} />
      </Section>
      <Section title="Configuration">
        <Facts items={configuration(repository)} />
      </Section>
      <Section title="Conditions">
        <Conditions conditions={repository.status.conditions} />
      </Section>
    </Stack>
  )
}

function next({ suspended, catalog, status }: Repository) {
  if (suspended) return 'Suspended'
  if (status.state === 'Stalled') return 'After its settings change'
  return catalog?.nextSyncAt ? <Ago time={catalog.nextSyncAt} /> : 'Soon, after the last one failed'
}

function Metadata({ repository: { catalog }, openCharts }: Props) {
  // A failed first sync leaves a catalog without a way it was obtained.
  if (!catalog || catalog.method === '') {
    return (
      <Text size="sm" c="dimmed">
        Nothing is known before the first sync that works.
      </Text>
    )
  }
  // An index has neither.
  const ofRegistry: [string, ReactNode][] =
    catalog.method === 'index'
      ? []
      : [
          ['Registry', familyName(catalog.registry)],
          ['Tags that are no chart', catalog.skipped?.toLocaleString('en-US') ?? '–'],
        ]
  return (
    <Stack gap="sm">
      {!catalog.complete && (
        <Alert color="orange" title="The list may not be complete">
          <Text size="sm">
            {catalog.detail ? `${sentence(catalog.detail)}. ` : ''}
            Charts that are not listed can still be deployed by name where the registry has them.
          </Text>
        </Alert>
      )}
      <Facts
        items={[
          [
            'Charts',
            <Anchor key="charts" component="button" type="button" size="sm" onClick={openCharts}>
              {counted(catalog.charts, 'chart')}
            </Anchor>,
          ],
          ['Versions', catalog.versions.toLocaleString('en-US')],
          ['List obtained from', methodName(catalog.method)],
          ['Complete', catalog.complete ? 'Yes, as far as the registry tells' : 'Not surely'],
          ['Requests of the last sync', catalog.requests?.toLocaleString('en-US') ?? '–'],
          ['Request budget', budget(catalog.rateLimit) ?? 'The registry tells none'],
          ['Credential expires', catalog.credentialExpiresAt ? <Ago time={catalog.credentialExpiresAt} /> : 'Not known'],
          ...ofRegistry,
          ['Digest of the list', catalog.digest ? <Digest of={catalog.digest} /> : '–'],
        ]}
      />
      {catalog.complete && catalog.detail && (
        <Text size="sm" c="dimmed">
          {sentence(catalog.detail)}
        </Text>
      )}
    </Stack>
  )
}

function configuration(one: Repository): Parameters<typeof Facts>[0]['items'] {
  const { credentials } = one
  const items: Parameters<typeof Facts>[0]['items'] = [
    ['Repository URL', one.url],
    ['Repository Type', one.type === 'oci' ? 'OCI Repository' : 'Helm Repository'],
    ['Interval (MM:SS)', minutesAndSeconds(one.intervalSeconds, one.interval)],
    ['Credentials', credentialsText(one)],
    ['Certificates', one.certificateSecretName ? `From the Secret ${one.certificateSecretName}` : 'The system’s'],
    ['Namespace', one.namespace],
    ['Added', <Ago key="added" time={one.createdAt} />],
  ]
  if (credentials.missing) items.push(['Problem', `The Secret ${credentials.secretName} does not exist`])
  if (one.timeout) items.push(['Timeout', one.timeout])
  if (one.insecure) items.push(['Plain HTTP', 'Allowed: nothing is encrypted'])
  if (one.passCredentials) items.push(['Credentials to other hosts', 'Sent'])
  if (one.charts?.length) items.push(['Listed by hand', one.charts.join(', ')])
  if (Object.keys(one.labels).length > 0) {
    items.push(['Labels', <span key="labels" style={{ whiteSpace: 'pre-wrap' }}>{labelsText(one.labels)}</span>])
  }
  return items
}

function credentialsText({ credentials, provider }: Repository): string {
  if (credentials.set) return `Set: ${credentialsWords(credentials.kind)} in the Secret ${credentials.secretName}`
  return provider === 'generic' ? 'None' : `From the cloud (${provider})`
}
