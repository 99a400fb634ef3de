import { Autocomplete, Badge, Group, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'

import { ProblemError } from '../../../api/problem'
import { resolution, versionsOf } from '../sources'

type Props = {
  namespace: string
  repository: string
  chart: string
  value: string
  onChange: (version: string) => void
  error?: string
}

/** Most versions offered at once; typing finds the others. */
const MAX_OFFERED = 100

/** A version, or a range of versions: then it says which one the range picks now. */
export function VersionField({ namespace, repository, chart, value, onChange, error }: Props) {
  const versions = useQuery(versionsOf({ namespace, repository }, chart))
  const about = useMemo(() => new Map(versions.data?.map((version) => [version.version, version])), [versions.data])
  const offered = useMemo(() => [...about.keys()], [about])
  return (
    <Autocomplete
      label="Chart Version"
      placeholder="Newest stable version"
      disabled={chart === ''}
      data={offered}
      value={value}
      onChange={onChange}
      clearable
      clearButtonProps={{ 'aria-label': 'Clear the version' }}
      filter={({ options, search }) => {
        const text = search.trim().toLowerCase()
        const plain = options.filter((option) => 'value' in option)
        // What is chosen, or a range, filters nothing away.
        const some = about.has(search.trim()) ? plain : plain.filter((option) => option.label.toLowerCase().includes(text))
        return (some.length > 0 ? some : plain).slice(0, MAX_OFFERED)
      }}
      renderOption={({ option }) => <Option version={option.value} about={about.get(option.value)} />}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      description={<Picks namespace={namespace} repository={repository} chart={chart} range={value} known={about.has(value.trim())} />}
      descriptionProps={{ component: 'div', 'aria-live': 'polite' }}
      error={error}
      maxDropdownHeight={320}
    />
  )
}

function Option({ version, about }: { version: string; about?: { appVersion: string; prerelease: boolean; deprecated: boolean } }) {
  return (
    <Group gap="xs">
      <Text size="sm">{version}</Text>
      {about?.appVersion && <Text size="xs">app {about.appVersion}</Text>}
      {about?.prerelease && (
        <Badge size="xs" color="gray.7">
          prerelease
        </Badge>
      )}
      {about?.deprecated && (
        <Badge size="xs" color="orange.9">
          deprecated
        </Badge>
      )}
    </Group>
  )
}

type PicksProps = { namespace: string; repository: string; chart: string; range: string; known: boolean }

function Picks({ namespace, repository, chart, range, known }: PicksProps) {
  const [asked] = useDebouncedValue(range.trim() || '*', 300)
  const picked = useQuery({
    ...resolution({ namespace, repository }, chart, asked),
    enabled: namespace !== '' && repository !== '' && chart !== '' && !known,
  })
  if (chart === '') return 'A version like 1.2.3, or a range like ^1.2.'
  if (known) return 'This version and no other.'
  if (picked.isPending) return 'Looking…'
  if (picked.error) {
    const said = picked.error instanceof ProblemError ? Object.values(picked.error.fields)[0] : undefined
    return <Text inherit c="var(--mantine-color-error)" component="span">{said ?? picked.error.message}</Text>
  }
  const { version, matching } = picked.data
  if (!version) {
    return <Text inherit c="var(--pilothouse-attention)" component="span">No version in the catalog matches.</Text>
  }
  return range.trim() === ''
    ? `Now ${version}, and each newer stable version by itself.`
    : `Picks ${version} now (${matching} ${matching === 1 ? 'version matches' : 'versions match'}), and newer ones that match by itself.`
}
