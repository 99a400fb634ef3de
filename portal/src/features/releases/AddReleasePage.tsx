import { Button, Card, Group, Select, SimpleGrid, Stack, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'

import type { Schemas } from '../../api/client'
import { ProblemError } from '../../api/problem'
import { paths } from '../../lib/paths'
import { CodeEditor } from '../../ui/CodeEditor'
import { PageHead } from '../../ui/PageHead'
import { Problem } from '../../ui/Problem'
import { charts, repositories, versions } from '../repositories/queries'
import { chartVersion, createRelease } from './queries'

type Form = {
  name: string
  releaseName: string
  interval: string
  sourceName: string
  reconcileStrategy: string
  chart: string
  version: string
  chartInterval: string
  values: string
  valuesFrom: string
  labels: string
}

const initial: Form = {
  name: '',
  releaseName: '',
  interval: '05:00',
  sourceName: '',
  reconcileStrategy: 'ChartVersion',
  chart: '',
  version: '',
  chartInterval: '05:00',
  values: '',
  valuesFrom: '',
  labels: '',
}

function toRequest(form: Form): Schemas['ReleaseRequest'] {
  return {
    name: form.name.trim(),
    releaseName: form.releaseName.trim() || undefined,
    interval: form.interval,
    chart: {
      sourceKind: 'HelmRepository',
      sourceName: form.sourceName,
      name: form.chart,
      version: form.version || undefined,
      interval: form.chartInterval,
      reconcileStrategy: form.reconcileStrategy,
      valuesFiles: [],
    },
    values: form.values,
    valuesFrom: form.valuesFrom,
    labels: form.labels,
  } as unknown as Schemas['ReleaseRequest']
}

/** The server's names of fields as the form's. */
const places: Record<string, keyof Form> = {
  'chart.sourceName': 'sourceName',
  'chart.name': 'chart',
  'chart.version': 'version',
  'chart.interval': 'chartInterval',
}

export function AddReleasePage() {
  const { namespace = 'default' } = useSearch({ from: '/signed-in' })
  const navigate = useNavigate()
  const queries = useQueryClient()
  const form = useForm<Form>({ initialValues: initial })
  const { sourceName, chart } = form.values
  const sources = useQuery(repositories(namespace, { pageSize: 500 }))
  const found = useQuery({ ...charts(namespace, sourceName), enabled: sourceName !== '' })
  const offered = useQuery({ ...versions(namespace, sourceName, chart), enabled: sourceName !== '' && chart !== '' })
  const picked = form.values.version || offered.data?.[0]?.version || ''
  const schema = useQuery({ ...chartVersion(namespace, sourceName, chart, picked), enabled: picked !== '' })
  const create = useMutation({
    mutationFn: () => createRelease(namespace, toRequest(form.values)),
    onError: (error) => {
      if (!(error instanceof ProblemError)) return
      form.setErrors(
        Object.fromEntries(Object.entries(error.fields).map(([field, message]) => [places[field] ?? field, message])),
      )
    },
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: ['releases'] })
      await navigate({ to: paths.release, params: { namespace, name } })
    },
  })
  return (
    <Stack maw={1100}>
      <PageHead
        title="Add Helm Release"
        crumbs={[{ label: 'Kubernetes' }, { label: 'Helm' }, { label: 'Release', to: paths.releases }, { label: 'Add' }]}
      />
      <form onSubmit={form.onSubmit(() => create.mutate())}>
        <Stack>
          <SimpleGrid cols={{ base: 1, sm: 3 }}>
            <TextInput label="Name" required {...form.getInputProps('name')} />
            <TextInput label="Release Name" placeholder={form.values.name} {...form.getInputProps('releaseName')} />
            <TextInput label="Interval (MM:SS)" required {...form.getInputProps('interval')} />
          </SimpleGrid>
          <Card withBorder>
            <Stack>
              <Title order={2} size="h4">
                Chart
              </Title>
              <SimpleGrid cols={{ base: 1, sm: 3 }}>
                <Select label="Source Type" data={['HelmRepository']} value="HelmRepository" allowDeselect={false} />
                <Select
                  label="Source Name"
                  placeholder="Select Source Name"
                  required
                  searchable
                  data={sources.data?.items.map(({ name }) => name) ?? []}
                  {...form.getInputProps('sourceName')}
                />
                <Select
                  label="Reconcile Strategy"
                  allowDeselect={false}
                  data={[
                    { value: 'ChartVersion', label: 'Chart Version' },
                    { value: 'Revision', label: 'Revision' },
                  ]}
                  {...form.getInputProps('reconcileStrategy')}
                />
                <Select
                  label="Chart Name"
                  required
                  searchable
                  data={found.data?.items.map(({ name }) => name) ?? []}
                  {...form.getInputProps('chart')}
                />
                <Select
                  label="Chart Version"
                  description="Empty: the newest stable version, also later."
                  clearable
                  searchable
                  data={offered.data?.map(({ version }) => version) ?? []}
                  {...form.getInputProps('version')}
                />
                <TextInput label="Chart Interval (MM:SS)" {...form.getInputProps('chartInterval')} />
              </SimpleGrid>
            </Stack>
          </Card>
          <SimpleGrid cols={{ base: 1, sm: 3 }}>
            {(['values', 'valuesFrom', 'labels'] as const).map((field) => (
              <CodeEditor
                key={field}
                label={{ values: 'Values', valuesFrom: 'ValuesFrom', labels: 'Labels' }[field]}
                description="YAML"
                language="yaml"
                schema={field === 'values' ? (schema.data?.schema ?? undefined) : undefined}
                value={form.values[field]}
                onChange={(text) => form.setFieldValue(field, text)}
                error={form.errors[field]}
              />
            ))}
          </SimpleGrid>
          {create.error && Object.keys(form.errors).length === 0 && <Problem error={create.error} />}
          <Group justify="flex-end">
            <Button variant="outline" onClick={() => void navigate({ to: paths.releases })}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Add
            </Button>
          </Group>
        </Stack>
      </form>
    </Stack>
  )
}
