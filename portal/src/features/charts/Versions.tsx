import { Anchor, Badge, Button, Checkbox, Group, Stack, Table, Text, TextInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'

import { paths } from '../../lib/paths'
import { ago, exact } from '../../lib/time'
import { visible } from '../../lib/visible'
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
        <Table.ScrollContainer type="native" minWidth={520} tabIndex={0} role="group" aria-label="Versions">
          <Table aria-label="Versions" verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Version</Table.Th>
                <Table.Th>App version</Table.Th>
                <Table.Th>Created</Table.Th>
                <Table.Th>Digest</Table.Th>
                <Table.Th>Compare</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.slice(0, shown).map((one) => (
                <Row key={one.version} origin={origin} version={one} current={current} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {found.length > shown && (
        <Button size="xs" variant="default" style={{ alignSelf: 'flex-start' }} onClick={() => setShown(found.length)}>
          Show all {found.length} versions
        </Button>
      )}
    </Stack>
  )
}

function Row({ origin, version: one, current }: { origin: Origin; version: Version; current: string }) {
  const params = { namespace: origin.namespace, name: origin.repository, chart: origin.chart ?? '' }
  const isCurrent = one.version === current
  return (
    <Table.Tr aria-current={isCurrent || undefined}>
      <Table.Td>
        <Group gap={6} wrap="nowrap">
          <Anchor
            size="sm"
            fw={isCurrent ? 700 : undefined}
            renderRoot={(props) => (
              <Link to={paths.chart} params={params} search={(before) => ({ ...before, version: one.version, tab: undefined })} {...props} />
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
      </Table.Td>
      <Table.Td>{one.appVersion ? visible(one.appVersion) : '–'}</Table.Td>
      <Table.Td>{one.created ? <time dateTime={one.created} title={exact(one.created)}>{ago(one.created)}</time> : '–'}</Table.Td>
      <Table.Td>
        <Text size="xs" ff="monospace" title={one.digest}>
          {one.digest ? one.digest.replace(/^sha256:/, '').slice(0, 12) : '–'}
        </Text>
      </Table.Td>
      <Table.Td>
        {isCurrent ? (
          <Text size="sm" c="dimmed">
            this version
          </Text>
        ) : (
          <Anchor
            size="sm"
            aria-label={`Compare ${one.version} with ${current}`}
            renderRoot={(props) => (
              <Link
                to={paths.compareCharts}
                params={params}
                search={({ namespace }) => ({ namespace, from: one.version, to: current })}
                {...props}
              />
            )}
          >
            with {visible(current)}
          </Anchor>
        )}
      </Table.Td>
    </Table.Tr>
  )
}
