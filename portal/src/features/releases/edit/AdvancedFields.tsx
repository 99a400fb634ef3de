import { Accordion, Badge, Checkbox, Group, NumberInput, Select, SimpleGrid, Stack, TagsInput, Text, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useQuery } from '@tanstack/react-query'

import { parseYaml } from '../../../lib/yaml'
import { valueAt, withValueAt, type Path } from '../../../lib/yamlEdit'
import { CodeEditor } from '../../../ui/CodeEditor'
import { hasCatalog, splitFiles, type ReleaseForm } from '../form'
import { advancedSchema, helmReleaseSchema } from '../helmReleaseSchema'
import { fixedField } from './fixedField'
import type { FieldErrors } from './fieldErrors'

type Props = { form: UseFormReturnType<ReleaseForm>; marks: FieldErrors['marks']; fixed: boolean; errors: boolean }

/**
 * All that is seldom needed, folded away. The fields write into the YAML below them, which holds every other field of
 * the specification: nothing that is set there is lost.
 */
export function AdvancedFields({ form, marks, fixed, errors }: Props) {
  const { values } = form
  const parsed = parseYaml(values.advanced)
  const set = countOf(values, parsed.value)
  return (
    <Accordion variant="contained" defaultValue={errors ? 'advanced' : null} key={errors ? 'opened' : 'closed'}>
      <Accordion.Item value="advanced">
        <Accordion.Control>
          <Group gap="xs">
            <Text fw={500}>Advanced</Text>
            {set > 0 && (
              <Badge size="sm" color="gray.7">
                {set} set
              </Badge>
            )}
            <Text size="sm" c="dimmed">
              Target, retries, CRDs, drift, tests, dependencies, post renderers
            </Text>
          </Group>
        </Accordion.Control>
        <Accordion.Panel>
          <Fields form={form} marks={marks} fixed={fixed} broken={parsed.error !== undefined} />
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  )
}

function countOf(values: ReleaseForm, advanced: unknown): number {
  const own = [values.targetNamespace, values.timeout, values.valuesFiles, values.suspended].filter(Boolean).length
  return own + (typeof advanced === 'object' && advanced !== null ? Object.keys(advanced).length : 0)
}

const POLICIES = ['Skip', 'Create', 'CreateReplace']

function Fields({ form, marks, fixed, broken }: Omit<Props, 'errors'> & { broken: boolean }) {
  const { values } = form
  const schema = useQuery(helmReleaseSchema)
  const get = (...path: Path) => valueAt(values.advanced, path)
  const put = (path: Path, value: unknown) => form.setFieldValue('advanced', withValueAt(values.advanced, path, value))
  const text = (...path: Path) => ({
    disabled: broken,
    value: String(get(...path) ?? ''),
    onChange: (event: { currentTarget: { value: string } }) => put(path, event.currentTarget.value.trim() || undefined),
  })
  const number = (...path: Path) => ({
    disabled: broken,
    allowDecimal: false,
    hideControls: true,
    value: typeof get(...path) === 'number' ? (get(...path) as number) : '',
    onChange: (value: string | number) => put(path, typeof value === 'number' ? value : undefined),
  })
  const choice = (...path: Path) => ({
    disabled: broken,
    clearable: true,
    value: typeof get(...path) === 'string' ? (get(...path) as string) : null,
    onChange: (value: string | null) => put(path, value ?? undefined),
  })
  const flag = (...path: Path) => ({
    disabled: broken,
    checked: get(...path) === true,
    onChange: (event: { currentTarget: { checked: boolean } }) => put(path, event.currentTarget.checked || undefined),
  })
  return (
    <Stack>
      {broken && (
        <Text size="sm" c="var(--mantine-color-error)">
          The YAML below cannot be read; the fields that write into it wait until it can.
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} verticalSpacing="md">
        <TextInput
          label="Target namespace"
          placeholder="The namespace of the release"
          disabled={fixed}
          styles={fixed ? fixedField : undefined}
          {...form.getInputProps('targetNamespace')}
        />
        <TextInput label="Storage namespace" placeholder="The namespace of the release" {...text('storageNamespace')} />
        <TextInput label="Timeout" placeholder="05:00" {...form.getInputProps('timeout')} />
        <TextInput label="Service account" placeholder="That of Pilothouse" {...text('serviceAccountName')} />
        <NumberInput label="Revisions kept" placeholder="5" min={0} {...number('maxHistory')} />
        <Select label="Drift detection" placeholder="disabled" data={['enabled', 'warn', 'disabled']} {...choice('driftDetection', 'mode')} />
        <NumberInput label="Retries of an install" placeholder="0" min={-1} {...number('install', 'remediation', 'retries')} />
        <NumberInput label="Retries of an upgrade" placeholder="0" min={-1} {...number('upgrade', 'remediation', 'retries')} />
        <Select
          label="After a failed upgrade"
          placeholder="rollback"
          data={['rollback', 'uninstall']}
          {...choice('upgrade', 'remediation', 'strategy')}
        />
        <Select label="CRDs at an install" placeholder="Create" data={POLICIES} {...choice('install', 'crds')} />
        <Select label="CRDs at an upgrade" placeholder="Create" data={POLICIES} {...choice('upgrade', 'crds')} />
        <Dependencies value={get('dependsOn')} disabled={broken} onChange={(list) => put(['dependsOn'], list)} />
        {hasCatalog(values.sourceKind) && (
          <TagsInput
            label="Values files of the chart"
            description="Instead of its values.yaml"
            placeholder={values.valuesFiles === '' ? 'values.yaml' : undefined}
            value={splitFiles(values.valuesFiles)}
            onChange={(files) => form.setFieldValue('valuesFiles', files.join(', '))}
            error={form.errors.valuesFiles}
          />
        )}
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        <Checkbox label="Create the target namespace" {...flag('install', 'createNamespace')} />
        <Checkbox label="Run the chart’s tests after each deployment" {...flag('test', 'enable')} />
        <Checkbox label="Go on where tests fail" {...flag('test', 'ignoreFailures')} />
        <Checkbox label="Keep Helm’s history when it is deleted" {...flag('uninstall', 'keepHistory')} />
        <Checkbox
          label={fixed ? 'Suspended' : 'Begin suspended'}
          checked={values.suspended}
          onChange={(event) => form.setFieldValue('suspended', event.currentTarget.checked)}
        />
      </SimpleGrid>
      <CodeEditor
        label="All other fields"
        description="Of the specification of the HelmRelease, as YAML: install, upgrade, postRenderers, commonMetadata and the rest. Ctrl-Space offers them."
        language="yaml"
        schema={advancedSchema(schema.data)}
        value={values.advanced}
        onChange={(advanced) => form.setFieldValue('advanced', advanced)}
        error={form.errors.advanced}
        marks={marks.advanced}
        minHeight={120}
      />
    </Stack>
  )
}

type Dependency = { name: string; namespace?: string }

/** Releases that must be ready first, as `name` or `namespace/name`. */
function Dependencies({ value, disabled, onChange }: { value: unknown; disabled: boolean; onChange: (list: Dependency[] | undefined) => void }) {
  const list = Array.isArray(value) ? (value as (Dependency & { readyExpr?: string })[]) : []
  // An expression would be lost by a name alone.
  const special = list.some((one) => typeof one?.name !== 'string' || one.readyExpr !== undefined)
  return (
    <TagsInput
      label="Depends on"
      description={special ? 'Set with an expression in the YAML below' : 'Releases that must be ready first'}
      placeholder={list.length === 0 ? 'name or namespace/name' : undefined}
      disabled={disabled || special}
      value={list.map(({ name, namespace }) => (namespace ? `${namespace}/${name}` : String(name)))}
      onChange={(names) =>
        onChange(
          names.length === 0
            ? undefined
            : names.map((one) => {
                const [namespace, name] = one.includes('/') ? one.split('/', 2) : [undefined, one]
                return namespace ? { name: name ?? '', namespace } : { name: name ?? '' }
              }),
        )
      }
    />
  )
}
