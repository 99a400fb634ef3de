import { Autocomplete, Card, Group, Select, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'

import { hasCatalog, type ReleaseForm } from '../form'
import { chartsIn } from '../sources'
import { fixedField } from './fixedField'
import { SourceField } from './SourceField'
import { VersionField } from './VersionField'

type Props = {
  form: UseFormReturnType<ReleaseForm>
  namespace: string
  /** The release exists: the sort of source and the chart stay. */
  fixed: boolean
  /** One sentence about the chart that is chosen. */
  about?: string
}

const SOURCE_TYPES = ['HelmRepository', 'OCIRepository']
const STRATEGIES = [
  { value: 'ChartVersion', label: 'Chart Version' },
  { value: 'Revision', label: 'Revision' },
]

/** Where the chart comes from: source, chart, version, and how newer ones are looked for. */
export function ChartFields({ form, namespace, fixed, about }: Props) {
  const { sourceKind, sourceName, sourceNamespace, chart } = form.values
  const catalog = hasCatalog(sourceKind)
  const at = { namespace: sourceNamespace || namespace, repository: sourceName }
  const set = (changes: Partial<ReleaseForm>) => {
    form.setValues(changes)
    for (const field of Object.keys(changes)) form.clearFieldError(field)
  }
  return (
    <Card withBorder component="section" aria-labelledby="chart-heading">
      <Stack>
        <Group justify="space-between" align="baseline">
          <Title order={2} size="h4" id="chart-heading">
            Chart
          </Title>
          {about && (
            <Text size="sm" c="dimmed" lineClamp={2}>
              {about}
            </Text>
          )}
        </Group>
        <SimpleGrid cols={{ base: 1, sm: 3 }} verticalSpacing="md">
          <Select
            label="Source Type"
            data={SOURCE_TYPES.includes(sourceKind) ? SOURCE_TYPES : [...SOURCE_TYPES, sourceKind]}
            value={sourceKind}
            allowDeselect={false}
            disabled={fixed}
            styles={fixed ? fixedField : undefined}
            onChange={(kind) =>
              kind && kind !== sourceKind && set({ sourceKind: kind, sourceName: '', sourceNamespace: '', chart: '', version: '' })
            }
            error={form.errors.sourceKind}
          />
          <SourceField
            kind={sourceKind}
            namespace={namespace}
            name={sourceName}
            sourceNamespace={sourceNamespace}
            onChange={(name, from) =>
              set({ sourceName: name, sourceNamespace: from, ...(fixed || (name === sourceName && from === sourceNamespace) ? {} : { chart: '', version: '' }) })
            }
            error={[form.errors.sourceName, form.errors.sourceNamespace].filter(Boolean).join(' ') || undefined}
          />
          {catalog && (
            <Select
              label="Reconcile Strategy"
              allowDeselect={false}
              data={STRATEGIES}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              description={
                form.values.reconcileStrategy === 'Revision'
                  ? 'Deploys again whenever the source changes.'
                  : 'Deploys again when the version changes.'
              }
              {...form.getInputProps('reconcileStrategy')}
            />
          )}
          {catalog && (fixed ? <TextInput label="Chart Name" disabled styles={fixedField} value={chart} /> : <ChartField form={form} {...at} />)}
          {catalog && (
            <VersionField
              {...at}
              chart={chart}
              value={form.values.version}
              onChange={(version) => set({ version })}
              error={form.errors.version as string | undefined}
            />
          )}
          {catalog && (
            <TextInput
              label="Chart Interval (MM:SS)"
              placeholder={form.values.interval}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              description="How often newer versions are looked for; empty: the interval of the release."
              {...form.getInputProps('chartInterval')}
            />
          )}
        </SimpleGrid>
      </Stack>
    </Card>
  )
}

function ChartField({ form, namespace, repository }: { form: UseFormReturnType<ReleaseForm>; namespace: string; repository: string }) {
  const { chart } = form.values
  const [search] = useDebouncedValue(chart, 250)
  const first = useQuery(chartsIn({ namespace, repository }, ''))
  const many = (first.data?.total ?? 0) > (first.data?.items.length ?? 0)
  const found = useQuery({ ...chartsIn({ namespace, repository }, many ? search : ''), enabled: repository !== '' && namespace !== '' })
  const names = [...new Set(found.data?.items.map(({ name }) => name))]
  const known = names.includes(chart)
  return (
    <Autocomplete
      label="Chart Name"
      placeholder={repository === '' ? 'Select Source Name first' : 'Choose a chart'}
      required
      disabled={repository === ''}
      data={names}
      filter={known ? ({ options }) => options : undefined}
      maxDropdownHeight={320}
      renderOption={({ option }) => {
        const item = found.data?.items.find(({ name }) => name === option.value)
        return (
          <Stack gap={0}>
            <Text size="sm">
              {option.value} {item?.deprecated ? '(deprecated)' : ''}
            </Text>
            {item?.description && (
              <Text size="xs" lineClamp={1}>
                {item.description}
              </Text>
            )}
          </Stack>
        )
      }}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      description={
        chart !== '' && found.data && !known && !found.isFetching
          ? `The catalog of ${repository} has no chart of this name.`
          : undefined
      }
      error={form.errors.chart ?? found.error?.message}
      value={chart}
      onChange={(name) => {
        form.setValues({ chart: name, version: '' })
        form.clearFieldError('chart')
      }}
    />
  )
}
