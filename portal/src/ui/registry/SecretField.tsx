import { Select, TextInput } from '@mantine/core'

import type { SecretsChoice } from '../../api/credentials'

type Props = {
  label: string
  secrets: SecretsChoice
  options: { value: string; label: string }[]
  /** Said where there is nothing to choose. */
  empty: string
  value: string
  onChange: (name: string | null) => void
  error?: string
}

/** A Secret of the namespace by its name; typed where the person may not list them. */
export function SecretField({ label, secrets, options, empty, value, onChange, error }: Props) {
  if (secrets.forbidden) {
    return (
      <TextInput
        label={label}
        description="You may not list Secrets in this namespace: type the name."
        required
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
      />
    )
  }
  // A name from a manifest may be of a Secret that comes later.
  const known = value === '' || options.some((option) => option.value === value)
  const data = known ? options : [...options, { value, label: `${value} · not in this namespace yet` }]
  return (
    <Select
      label={label}
      placeholder={secrets.pending ? 'Loading…' : 'Choose a Secret'}
      description={!secrets.pending && options.length === 0 ? empty : undefined}
      required
      searchable
      allowDeselect={false}
      nothingFoundMessage={options.length === 0 ? empty : 'No Secret of this name'}
      data={data}
      value={value === '' ? null : value}
      onChange={onChange}
      error={error}
    />
  )
}
