import { Anchor, Group, Loader, Select, Stack, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'

import { paths } from '../../../lib/paths'
import { StatusBadge } from '../../../ui/StatusBadge'
import { MAX_SOURCES, sources, type Source } from '../sources'

type Props = {
  kind: string
  /** Namespace of the release. */
  namespace: string
  name: string
  /** Namespace of the source; empty: the release's. */
  sourceNamespace: string
  onChange: (name: string, sourceNamespace: string) => void
  error?: string
}

const keyOf = (namespace: string, name: string) => `${namespace}/${name}`

/** Chooses one of the registered sources; those of the release's namespace come first. */
export function SourceField({ kind, namespace, name, sourceNamespace, onChange, error }: Props) {
  const [typed, setTyped] = useState('')
  const [search] = useDebouncedValue(typed === name ? '' : typed, 250)
  const own = useQuery({ ...sources(kind, namespace, ''), enabled: namespace !== '' })
  const searching = (own.data?.total ?? 0) > MAX_SOURCES ? search : ''
  const near = useQuery({ ...sources(kind, namespace, searching), enabled: namespace !== '' })
  // Who may not see all namespaces chooses among those of this one.
  const all = useQuery({ ...sources(kind, undefined, searching), retry: false })
  const found = useMemo(() => {
    const here = near.data?.items ?? []
    const elsewhere = (all.data?.items ?? []).filter((source) => source.namespace !== namespace)
    return new Map([...here, ...elsewhere].map((source) => [keyOf(source.namespace, source.name), source]))
  }, [near.data, all.data, namespace])

  const chosen = name === '' ? null : keyOf(sourceNamespace || namespace, name)
  const missing = chosen !== null && !found.has(chosen) && !near.isPending && search === ''
  const groups = grouped([...found.values()], namespace)
  if (chosen !== null && !found.has(chosen)) groups.push({ group: 'Chosen', items: [{ value: chosen, label: name }] })
  const none = !near.isPending && !near.error && found.size === 0 && search === ''
  const what = kind === 'OCIRepository' ? 'OCI repository' : 'Helm repository'
  return (
    <Stack gap={4}>
      <Select
        label="Source Name"
        placeholder={near.isPending && namespace !== '' ? 'Loading…' : 'Select Source Name'}
        required
        searchable
        allowDeselect={false}
        disabled={namespace === ''}
        description={namespace === '' ? 'Choose the namespace first.' : undefined}
        data={groups}
        value={chosen}
        searchValue={typed}
        onSearchChange={setTyped}
        onChange={(value) => {
          const source = found.get(value ?? '')
          if (source) onChange(source.name, source.namespace === namespace ? '' : source.namespace)
        }}
        rightSection={near.isFetching && !near.data ? <Loader size={14} aria-hidden /> : undefined}
        nothingFoundMessage={`No ${what} of this name`}
        renderOption={({ option }) => <Option source={found.get(option.value)} label={option.label} />}
        error={error}
        maxDropdownHeight={320}
      />
      {near.error && (
        <Text size="xs" c="var(--mantine-color-error)">
          {near.error.message}
        </Text>
      )}
      {missing && !near.error && (
        <Text size="xs" c="var(--pilothouse-attention)">
          There is no {what} {name} in the namespace {sourceNamespace || namespace} (any more).
        </Text>
      )}
      {none && namespace !== '' && (
        <Text size="xs">
          No {what} is registered in {namespace} yet.{' '}
          <Anchor
            size="xs"
            inherit
            renderRoot={(props) => (
              <Link to={kind === 'OCIRepository' ? paths.ociRepositories : paths.repositories} search={{ namespace }} {...props} />
            )}
          >
            Register one
          </Anchor>
        </Text>
      )}
      {chosen !== null && <Unready source={found.get(chosen)} />}
    </Stack>
  )
}

function grouped(found: Source[], namespace: string) {
  const groups = new Map<string, { value: string; label: string }[]>()
  for (const source of found) {
    const group = source.namespace === namespace ? `In ${namespace}` : `In ${source.namespace}`
    const items = groups.get(group) ?? []
    items.push({ value: keyOf(source.namespace, source.name), label: source.name })
    groups.set(group, items)
  }
  return [...groups].map(([group, items]) => ({ group, items }))
}

function Option({ source, label }: { source?: Source; label: string }) {
  if (!source) return label
  return (
    <Stack gap={2} style={{ minWidth: 0 }}>
      <Group gap="xs" wrap="nowrap">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {label}
        </Text>
        <StatusBadge status={{ state: source.status.state }} />
      </Group>
      <Text size="xs" inherit={false} style={{ overflowWrap: 'anywhere' }}>
        {source.url}
      </Text>
    </Stack>
  )
}

/** Says what is wrong with the chosen source: a release of it would wait. */
function Unready({ source }: { source?: Source }) {
  if (!source || source.status.ready === 'True') return null
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <StatusBadge status={{ state: source.status.state }} />
      <Text size="xs" lineClamp={3} style={{ overflowWrap: 'anywhere' }}>
        {source.status.message}
      </Text>
    </Group>
  )
}
