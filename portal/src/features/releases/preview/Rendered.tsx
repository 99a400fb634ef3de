import { Badge, Code, List, Stack, Tabs, Text } from '@mantine/core'
import { useState } from 'react'

import type { Schemas } from '../../../api/client'
import { visible } from '../../../lib/visible'
import { YamlView } from '../../../ui/YamlView'
import { ValuesOrigins } from '../page/ValuesOrigins'
import { ChangesView } from './ChangesView'
import { Documents } from './Documents'

type Preview = Schemas['Preview']

/** What a release would deploy: documents, hooks, CRDs, images, notes and values, and what changes. */
export function Rendered({ preview, fileName }: { preview: Preview; fileName: string }) {
  const { changes, documents, hooks, crds, images, notes } = preview
  const [tab, setTab] = useState<string | null>(changes ? 'changes' : 'documents')
  const tabs = [
    ...(changes ? [{ value: 'changes', label: 'Changes', count: changes.objects.length }] : []),
    { value: 'documents', label: 'Documents', count: documents.length },
    { value: 'hooks', label: 'Hooks', count: hooks.length },
    { value: 'crds', label: 'CRDs', count: crds.length },
    { value: 'images', label: 'Images', count: images.length },
    { value: 'values', label: 'Values' },
    { value: 'notes', label: 'Notes' },
    { value: 'manifest', label: 'All as YAML' },
  ]
  return (
    <Stack>
      <Text size="sm">
        Chart {preview.chartName} {preview.chartVersion}
        {preview.appVersion && `, application ${preview.appVersion}`}.{' '}
        {preview.isInstall ? 'It would be the first revision.' : ''}
      </Text>
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List>
          {tabs.map(({ value, label, count }) => (
            <Tabs.Tab
              key={value}
              value={value}
              rightSection={
                count === undefined ? undefined : (
                  <Badge size="xs" color="gray.7" circle={count < 10}>
                    {count}
                  </Badge>
                )
              }
            >
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {changes && (
          <Tabs.Panel value="changes" pt="md">
            <ChangesView changes={changes} version={preview.chartVersion} />
          </Tabs.Panel>
        )}
        <Tabs.Panel value="documents" pt="md">
          <Documents documents={documents} none="The chart renders no documents with these values." />
        </Tabs.Panel>
        <Tabs.Panel value="hooks" pt="md">
          <Documents documents={hooks} none="The chart has no hooks with these values." />
        </Tabs.Panel>
        <Tabs.Panel value="crds" pt="md">
          <Names names={crds} none="The chart brings no CRDs." />
        </Tabs.Panel>
        <Tabs.Panel value="images" pt="md">
          <Names names={images} none="The documents name no images." />
        </Tabs.Panel>
        <Tabs.Panel value="values" pt="md">
          <ValuesOrigins values={preview.values} fileName={`${fileName}-values.yaml`} />
        </Tabs.Panel>
        <Tabs.Panel value="notes" pt="md">
          {notes.trim() === '' ? <Text size="sm">The chart has no notes.</Text> : <NotesText text={notes} />}
        </Tabs.Panel>
        <Tabs.Panel value="manifest" pt="md">
          <YamlView text={preview.manifest} fileName={`${fileName}.yaml`} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  )
}

function Names({ names, none }: { names: string[]; none: string }) {
  if (names.length === 0) return <Text size="sm">{none}</Text>
  return (
    <List size="sm" spacing={6} listStyleType="none">
      {names.map((name) => (
        <List.Item key={name} style={{ overflowWrap: 'anywhere' }}>
          <Code>{name}</Code>
        </List.Item>
      ))}
    </List>
  )
}

/** Notes of a chart: strangers' text, shown as text. */
export function NotesText({ text }: { text: string }) {
  return (
    <Code block tabIndex={0} role="region" aria-label="Notes" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
      {visible(text.trim())}
    </Code>
  )
}
