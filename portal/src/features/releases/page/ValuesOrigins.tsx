import { Badge, Group, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useMemo, useState } from 'react'

import type { Schemas } from '../../../api/client'
import { visible } from '../../../lib/visible'
import { PlainTable } from '../../../ui/PlainTable'
import { YamlView } from '../../../ui/YamlView'
import { rowsOf } from '../origins'

/** Most values shown before a search is needed. */
const MAX_SHOWN = 300

/** Values in force, and the layer that each came from. */
export function ValuesOrigins({ values, fileName }: { values: Schemas['ValuesInForce']; fileName: string }) {
  const [view, setView] = useState('origins')
  const [search, setSearch] = useState('')
  const [layer, setLayer] = useState<string | null>(null)
  const rows = useMemo(() => rowsOf(values), [values])
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const found = rows.filter(
    (row) =>
      (layer === null || String(row.layer) === layer) &&
      words.every((word) => `${row.path} ${row.text}`.toLowerCase().includes(word)),
  )
  return (
    <Stack gap="sm">
      <SegmentedControl
        size="xs"
        aria-label="Which values are shown"
        style={{ alignSelf: 'flex-start' }}
        data={[
          { value: 'origins', label: 'All, with origin' },
          { value: 'own', label: 'Set by the release' },
          { value: 'all', label: 'All as YAML' },
        ]}
        value={view}
        onChange={setView}
      />
      {view === 'own' && <YamlView text={values.yaml} fileName={fileName} />}
      {view === 'all' && <YamlView text={values.computedYaml} fileName={fileName} />}
      {view === 'origins' && (
        <>
          <Layers values={values} />
          <Group gap="sm">
            <TextInput
              size="xs"
              type="search"
              aria-label="Search the values"
              placeholder="Search keys and values"
              leftSection={<IconSearch size={14} aria-hidden />}
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
            />
            <Select
              size="xs"
              aria-label="Origin"
              placeholder="Every origin"
              clearable
              clearButtonProps={{ 'aria-label': 'Every origin' }}
              data={values.layers.map(({ name }, index) => ({ value: String(index), label: name }))}
              value={layer}
              onChange={setLayer}
            />
            <Text size="xs" c="dimmed" aria-live="polite">
              {found.length} of {rows.length} values
              {found.length > MAX_SHOWN && `, the first ${MAX_SHOWN} are shown`}
              {values.truncated && '; there are more than are told'}
            </Text>
          </Group>
          <PlainTable
            label="Values in force"
            minWidth={560}
            verticalSpacing={4}
            rows={found.slice(0, MAX_SHOWN)}
            rowKey={({ path }) => path}
            columns={[
              { title: 'Key', render: ({ path }) => visible(path), cell: { ff: 'monospace', fz: 'xs', style: { overflowWrap: 'anywhere' } } },
              {
                title: 'Value',
                render: ({ text }) => visible(text),
                cell: { ff: 'monospace', fz: 'xs', style: { whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' } },
              },
              { title: 'Origin', render: (row) => <Origin layer={values.layers[row.layer]} /> },
            ]}
          />
        </>
      )}
    </Stack>
  )
}

type Layer = Schemas['ValuesLayer']

const colours: Record<string, string> = { chart: 'gray.7', release: 'harbour.7', ConfigMap: 'blue.9', Secret: 'grape.9' }

function Origin({ layer }: { layer?: Layer }) {
  if (!layer) return null
  return (
    <Badge color={colours[layer.kind] ?? 'gray.7'} variant="filled" tt="none" fw={500} maw={260}>
      {layer.kind === 'chart' ? 'chart' : layer.kind === 'release' ? 'release' : layer.name}
    </Badge>
  )
}

/** The layers, the lowest first. */
function Layers({ values }: { values: Schemas['ValuesInForce'] }) {
  return (
    <Text size="sm" c="dimmed">
      Each layer wins over those before it:{' '}
      {values.layers.map(({ name, targetPath, missing }, index) => (
        <span key={index}>
          {index > 0 && ' → '}
          {name}
          {targetPath && ` at ${targetPath}`}
          {missing && ' (missing)'}
        </span>
      ))}
    </Text>
  )
}
