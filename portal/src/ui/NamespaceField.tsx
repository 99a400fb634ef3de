import { Select, TextInput } from '@mantine/core'

import { useNamespaces } from '../api/namespaces'

type Props = {
  /** The chosen namespace; empty where none is chosen yet. */
  value: string
  onChange: (namespace: string) => void
  error?: string
}

/** Asks for the one namespace that something is added to. */
export function NamespaceField({ value, onChange, error }: Props) {
  const { list, pending, forbidden } = useNamespaces()
  if (forbidden) {
    return (
      <TextInput
        label="Namespace"
        description="You may not list the namespaces: type the name of yours."
        required
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value.trim())}
        error={error}
      />
    )
  }
  const names = list.map(({ name, phase }) => ({
    value: name,
    label: phase === 'Active' ? name : `${name} (${phase})`,
    disabled: phase !== 'Active',
  }))
  return (
    <Select
      label="Namespace"
      placeholder={pending ? 'Loading…' : 'Choose a namespace'}
      required
      searchable
      allowDeselect={false}
      nothingFoundMessage="No namespace of this name"
      data={names}
      value={value === '' ? null : value}
      onChange={(chosen) => onChange(chosen ?? '')}
      error={error}
    />
  )
}
