import { Select } from '@mantine/core'
import { useLocation, useNavigate } from '@tanstack/react-router'
import { IconBox } from '@tabler/icons-react'

import { useNamespaces } from '../../api/namespaces'
import { paths } from '../../lib/paths'
import { ALL_NAMESPACES, listOf, rememberNamespace } from '../../lib/scope'
import classes from './shell.module.css'

const lists = [paths.releases, paths.repositories, paths.ociRepositories, paths.services] as const

/** Goes to another namespace; a page about one object is left for its list. */
export function useSwitchNamespace() {
  const navigate = useNavigate()
  const { pathname } = useLocation()
  return (namespace: string | undefined) => {
    rememberNamespace(namespace)
    const list = listOf(pathname, lists)
    if (list) return navigate({ to: list, search: { namespace } })
    return navigate({ to: '.', search: (before) => ({ ...before, namespace, page: undefined }) })
  }
}

/** The namespace whose objects are shown; kept in the address and remembered. */
export function NamespacePicker({ value }: { value: string | undefined }) {
  const { list, forbidden } = useNamespaces()
  const switchTo = useSwitchNamespace()
  // A person who may not list namespaces still knows the names of theirs.
  const known = list.map(({ name }) => name)
  const names = value && !known.includes(value) ? [value, ...known] : known
  return (
    <Select
      className={classes.namespace}
      size="xs"
      aria-label="Namespace"
      searchable
      allowDeselect={false}
      leftSection={<IconBox size={14} aria-hidden />}
      nothingFoundMessage={forbidden ? 'You may not list namespaces: write yours into the address.' : 'No such namespace'}
      comboboxProps={{ width: 240, position: 'bottom-start' }}
      data={[{ value: ALL_NAMESPACES, label: 'All namespaces' }, ...names]}
      value={value ?? ALL_NAMESPACES}
      onChange={(chosen) => void switchTo(chosen === ALL_NAMESPACES ? undefined : (chosen ?? undefined))}
    />
  )
}
