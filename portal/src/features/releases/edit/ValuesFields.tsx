import { Button, Group, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'

import type { Schemas } from '../../../api/client'
import { withValueAt } from '../../../lib/yamlEdit'
import { CodeEditor } from '../../../ui/CodeEditor'
import { schemaOfValues } from '../defaults'
import type { ReleaseForm } from '../form'
import { fieldSchema, helmReleaseSchema } from '../helmReleaseSchema'
import { DefaultsPanel } from './DefaultsPanel'
import type { FieldErrors } from './fieldErrors'

type Props = {
  form: UseFormReturnType<ReleaseForm>
  marks: FieldErrors['marks']
  /** The chart that is chosen, with its defaults and schema. */
  chart?: Schemas['ChartDetail']
  pending: boolean
  error?: unknown
  shown: boolean
  onShown: (shown: boolean) => void
}

/** Values, references to values and labels, as YAML. */
export function ValuesFields({ form, marks, chart, pending, error, shown, onShown }: Props) {
  const schema = useMemo(() => (chart ? schemaOfValues(chart) : undefined), [chart])
  const release = useQuery(helmReleaseSchema)
  const set = (field: 'values' | 'valuesFrom' | 'labels') => (text: string) => form.setFieldValue(field, text)
  const values = (
    <CodeEditor
      label="Values"
      description={
        schema
          ? 'What differs from the chart’s defaults, as YAML. Ctrl-Space offers the chart’s keys.'
          : 'What differs from the chart’s defaults, as YAML.'
      }
      language="yaml"
      schema={schema}
      value={form.values.values}
      onChange={set('values')}
      error={form.errors.values}
      marks={marks.values}
      minHeight={shown ? 460 : 240}
      maxHeight={560}
    />
  )
  return (
    <Stack gap="md">
      <Group justify="flex-end" mb={-8}>
        <Button
          size="xs"
          variant="default"
          aria-expanded={shown}
          disabled={!chart && !pending && !shown}
          onClick={() => onShown(!shown)}
        >
          {shown ? 'Hide the chart’s defaults' : 'Show the chart’s defaults'}
        </Button>
      </Group>
      {shown ? (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          {values}
          {chart ? (
            <DefaultsPanel
              text={chart.values}
              values={form.values.values}
              onCopy={({ path, value }) => form.setFieldValue('values', withValueAt(form.values.values, path, value))}
            />
          ) : pending ? (
            <Skeleton height={320} />
          ) : (
            <Text size="sm" c="dimmed">
              {error ? `The chart’s defaults cannot be read: ${error instanceof Error ? error.message : String(error)}` : 'Choose a chart to see its defaults.'}
            </Text>
          )}
        </SimpleGrid>
      ) : (
        values
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <CodeEditor
          label="ValuesFrom"
          description="ConfigMaps and Secrets with values, a list; later ones win, the values above win over all."
          language="yaml"
          schema={fieldSchema(release.data, 'valuesFrom')}
          value={form.values.valuesFrom}
          onChange={set('valuesFrom')}
          error={form.errors.valuesFrom}
          marks={marks.valuesFrom}
          minHeight={120}
        />
        <CodeEditor
          label="Labels"
          description="Labels of the release, such as app.duplocloud.net/app-name: App1"
          language="yaml"
          schema={LABELS}
          value={form.values.labels}
          onChange={set('labels')}
          error={form.errors.labels}
          marks={marks.labels}
          minHeight={120}
        />
      </SimpleGrid>
    </Stack>
  )
}

const LABELS = {
  type: 'object',
  additionalProperties: { type: 'string' },
  properties: {
    'app.duplocloud.net/app-name': { type: 'string', description: 'The application that the release belongs to.' },
  },
}
