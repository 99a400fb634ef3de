import { Badge, Checkbox, Group, Select, Stack, Text } from '@mantine/core'
import { useState } from 'react'

import { ago } from '../../lib/time'
import type { Version } from './queries'
import classes from './VersionPicker.module.css'

type Props = {
  label: string
  versions: Version[]
  value: string | undefined
  onChange: (version: string) => void
}

/** Picks one of the versions of a chart; prereleases are offered when asked for, or when one is chosen. */
export function VersionPicker({ label, versions, value, onChange }: Props) {
  const early = versions.filter(({ prerelease }) => prerelease).length
  const chosenIsEarly = versions.some(({ version, prerelease }) => prerelease && version === value)
  const [wanted, setWanted] = useState<boolean>()
  const all = wanted ?? (chosenIsEarly || early === versions.length)
  const offered = versions.filter(({ version, prerelease }) => all || !prerelease || version === value)
  const byVersion = new Map(versions.map((one) => [one.version, one]))
  return (
    <Stack gap={6}>
      <Select
        label={label}
        searchable
        allowDeselect={false}
        maxDropdownHeight={340}
        comboboxProps={{ withinPortal: false, width: 'max-content', position: 'bottom-start', middlewares: { size: true } }}
        styles={{ dropdown: { minWidth: 280, maxWidth: '92vw' } }}
        classNames={{ option: classes.option }}
        nothingFoundMessage="No such version"
        data={offered.map(({ version }) => version)}
        value={value ?? null}
        onChange={(chosen) => chosen && onChange(chosen)}
        renderOption={({ option, checked }) => <Row version={byVersion.get(option.value)} checked={checked} />}
      />
      {early > 0 && early < versions.length && (
        <Checkbox
          size="xs"
          label={`Prereleases too (${early})`}
          checked={all}
          onChange={(event) => setWanted(event.currentTarget.checked)}
        />
      )}
    </Stack>
  )
}

function Row({ version, checked }: { version: Version | undefined; checked: boolean | undefined }) {
  if (!version) return null
  return (
    <Group gap="xs" justify="space-between" wrap="nowrap" w="100%">
      <Text size="sm" fw={checked ? 700 : 400} truncate>
        {version.version}
      </Text>
      <Group gap={6} wrap="nowrap">
        {version.deprecated && (
          <Badge size="xs" color="orange.9">
            deprecated
          </Badge>
        )}
        <Text size="xs" truncate>
          {[version.appVersion && `app ${version.appVersion}`, version.created && ago(version.created)]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      </Group>
    </Group>
  )
}
