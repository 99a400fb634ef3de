import { Anchor, Badge, Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'

import { paths } from '../../lib/paths'
import { ago, exact } from '../../lib/time'
import { visible } from '../../lib/visible'
import { PlainTable } from '../../ui/PlainTable'
import { Nothing } from './Nothing'
import type { Origin, Version } from './queries'

const FIRST = 50

/** All versions of the chart, newest first. */
export function Versions({ origin, versions, current }: { origin: Origin; versions: Version[]; current: string }) {
  const [question, setQuestion] = useState('')
  const [early, setEarly] = useState(true)
  const [shown, setShown] = useState(FIRST)
  const words = question.trim().toLowerCase()
  const found = versions.filter(
    ({ version, appVersion, prerelease }) =>
      (early || !prerelease) && (version.toLowerCase().includes(words) || appVersion.toLowerCase().includes(words)),
  )
  return (
    <Stack gap="sm">
      <Group>
        <TextInput
          type="search"
          size="xs"
          aria-label="Search versions"
          placeholder="Version or app version"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={question}
          onChange={(event) => setQuestion(event.currentTarget.value)}
        />
        <Checkbox size="xs" label="Prereleases too" checked={early} onChange={(event) => setEarly(event.currentTarget.checked)} />
        <Text size="sm" c="dimmed" aria-live="polite">
          {found.length} of {versions.length}
        </Text>
      </Group>
      {found.length === 0 ? (
        <Nothing>No version matches.</Nothing>
      ) : (
        <PlainTable
          label="Versions"
          minWidth={520}
          rows={found.slice(0, shown)}
          rowKey={({ version }) => version}
          isCurrent={({ version }) => version === current}
          columns={[
            { title: 'Version', render: (one) => <VersionLink origin={origin} version={one} isCurrent={one.version === current} /> },
            { title: 'App version', render: ({ appVersion }) => (appVersion ? visible(appVersion) : '–') },
            {
              title: 'Created',
              render: ({ created }) => (created ? <time dateTime={created} title={exact(created)}>{ago(created)}</time> : '–'),
            },
            {
              title: 'Digest',
              render: ({ digest }) => (
                <Text size="xs" ff="monospace" title={digest}>
                  {digest ? digest.replace(/^sha256:/, '').slice(0, 12) : '–'}
                </Text>
              ),
            },
            { title: 'Compare', render: (one) => <CompareLink origin={origin} version={one} current={current} /> },
          ]}
        />
      )}
      {found.length > shown && (
        <Button size="xs" variant="default" style={{ alignSelf: 'flex-start' }} onClick={() => setShown(found.length)}>
          Show all {found.length} versions
        </Button>
      )}
    </Stack>
  )
}

const chartOf = (origin: Origin) => ({ namespace: origin.namespace, name: origin.repository, chart: origin.chart ?? '' })

function VersionLink({ origin, version: one, isCurrent }: { origin: Origin; version: Version; isCurrent: boolean }) {
  return (
    <Group gap={6}>
      <Anchor
        size="sm"
        fw={isCurrent ? 700 : undefined}
        miw={0}
        renderRoot={(props) => (
          <Link
            to={paths.chart}
            params={chartOf(origin)}
            search={(before) => ({ ...before, version: one.version, tab: undefined })}
            {...props}
          />
        )}
      >
        {visible(one.version)}
      </Anchor>
      {one.prerelease && (
        <Badge size="xs" color="gray.7">
          prerelease
        </Badge>
      )}
      {one.deprecated && (
        <Badge size="xs" color="orange.9">
          deprecated
        </Badge>
      )}
    </Group>
  )
}

function CompareLink({ origin, version: one, current }: { origin: Origin; version: Version; current: string }) {
  if (one.version === current) {
    return (
      <Text size="sm" c="dimmed">
        this version
      </Text>
    )
  }
  return (
    <Anchor
      size="sm"
      aria-label={`Compare ${one.version} with ${current}`}
      renderRoot={(props) => (
        <Link
          to={paths.compareCharts}
          params={chartOf(origin)}
          search={({ namespace }) => ({ namespace, from: one.version, to: current })}
          {...props}
        />
      )}
    >
      with {visible(current)}
    </Anchor>
  )
}
