import { Select, Skeleton, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { EventList } from '../../../ui/EventList'
import { Problem } from '../../../ui/Problem'
import { YamlView } from '../../../ui/YamlView'
import { Documents } from '../preview/Documents'
import { NotesText } from '../preview/Rendered'
import { Part } from '../preview/ChangesView'
import { events, history, notes, revision, valuesInForce, yaml, type Named } from '../queries'
import { ValuesOrigins } from './ValuesOrigins'

/** The views of a release that are a text. */

export function NotesView({ namespace, name }: Named) {
  const text = useQuery(notes(namespace, name))
  if (text.error) return <Problem error={text.error} retry={() => void text.refetch()} />
  if (!text.data) return <Skeleton height={120} role="status" aria-label="The notes are loading" />
  if (text.data.notes.trim() === '') return <Text size="sm">The chart has no notes.</Text>
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        What the chart says after revision {text.data.revision}.
      </Text>
      <NotesText text={text.data.notes} />
    </Stack>
  )
}

export function ValuesView({ namespace, name }: Named) {
  const values = useQuery(valuesInForce(namespace, name))
  if (values.error) return <Problem error={values.error} retry={() => void values.refetch()} />
  if (!values.data) return <Skeleton height={240} role="status" aria-label="The values are loading" />
  return <ValuesOrigins values={values.data} fileName={`${name}-values.yaml`} />
}

export function ManifestView({ namespace, name }: Named) {
  const [chosen, setChosen] = useState<string | null>(null)
  const revisions = useQuery(history(namespace, name))
  const number = chosen === null ? revisions.data?.[0]?.revision : Number(chosen)
  const opened = useQuery({ ...revision(namespace, name, number ?? 0), enabled: number !== undefined })
  if (revisions.error) return <Problem error={revisions.error} retry={() => void revisions.refetch()} />
  if (revisions.data?.length === 0) return <Text size="sm">Nothing was deployed yet.</Text>
  const hooks = (opened.data?.hooks ?? []).map((hook) => ({
    path: `${hook.events.join(', ')}${hook.phase ? ` – ${hook.phase}` : ''}`,
    kind: hook.kind,
    apiVersion: '',
    name: hook.name,
    content: hook.manifest,
  }))
  return (
    <Stack>
      <Select
        label="Revision"
        maw={260}
        allowDeselect={false}
        data={(revisions.data ?? []).map(({ revision: one, chartVersion, status }) => ({
          value: String(one),
          label: `${one} (${chartVersion}, ${status})`,
        }))}
        value={number === undefined ? null : String(number)}
        onChange={setChosen}
      />
      {opened.error && <Problem error={opened.error} retry={() => void opened.refetch()} />}
      {opened.isPending && !opened.error && <Skeleton height={240} role="status" aria-label="The manifest is loading" />}
      {opened.data && <YamlView text={opened.data.manifest} fileName={`${name}-${number}.yaml`} />}
      {hooks.length > 0 && (
        <Part title="Hooks" order={2}>
          <Documents key={number} documents={hooks} none="" />
        </Part>
      )}
    </Stack>
  )
}

export function ObjectView({ namespace, name }: Named) {
  const text = useQuery(yaml(namespace, name))
  if (text.error) return <Problem error={text.error} retry={() => void text.refetch()} />
  if (text.data === undefined) return <Skeleton height={240} role="status" aria-label="The YAML is loading" />
  return <YamlView text={text.data} fileName={`${name}.yaml`} />
}

export function EventsView({ namespace, name }: Named) {
  const list = useQuery({ ...events(namespace, name), refetchInterval: 10_000 })
  return <EventList events={list.data} error={list.error} retry={() => void list.refetch()} />
}
