import { Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'

import type { Schemas } from '../../../api/client'
import { CodeEditor } from '../../../ui/CodeEditor'
import { schemaOfValues } from '../defaults'
import { helmReleaseSchema } from '../helmReleaseSchema'
import type { FromManifest } from '../manifest'
import type { Mark } from './fieldErrors'

type Props = {
  text: string
  onChange: (text: string) => void
  read: FromManifest | undefined
  /** What the server found wrong, at its lines. */
  marks: Mark[]
  chart?: Schemas['ChartDetail']
}

type Schema = { properties?: Record<string, Schema> } & Record<string, unknown>

/** The HelmRelease as YAML: the other view of the form. */
export function ManifestField({ text, onChange, read, marks, chart }: Props) {
  const release = useQuery(helmReleaseSchema)
  const schema = useMemo(() => withValues(release.data as Schema | undefined, chart), [release.data, chart])
  const all = useMemo(() => [...(read?.problems ?? []), ...marks], [read, marks])
  const [first] = all
  return (
    <Stack gap="xs">
      <CodeEditor
        label="HelmRelease"
        description="The same release as in the form, as it is stored. Paste a manifest here to fill in the form."
        language="yaml"
        schema={schema}
        value={text}
        onChange={onChange}
        marks={all}
        error={first && `Line ${first.line}: ${first.message}${all.length > 1 ? ` (and ${all.length - 1} more)` : ''}`}
        minHeight={420}
        maxHeight="70vh"
      />
      {read?.form && read.ignored.length > 0 && (
        <Text size="sm" c="dimmed">
          Left out, as the cluster writes it itself: {read.ignored.join(', ')}.
        </Text>
      )}
    </Stack>
  )
}

/** The schema of a HelmRelease, whose values are those of the chart. */
function withValues(schema: Schema | undefined, chart: Schemas['ChartDetail'] | undefined): Schema | undefined {
  const spec = schema?.properties?.spec
  if (!schema || !spec || !chart) return schema
  // References of the chart's schema begin at its own root, which is another one here.
  const refers = JSON.stringify(chart.schema ?? {}).includes('"$ref"')
  const values = schemaOfValues(refers ? { ...chart, schema: undefined } : chart)
  return { ...schema, properties: { ...schema.properties, spec: { ...spec, properties: { ...spec.properties, values } } } }
}
