import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useLocation, useNavigate } from '@tanstack/react-router'
import { IconBox } from '@tabler/icons-react'
import { useState } from 'react'

import { useNamespaces } from '../../api/namespaces'
import { me } from '../../api/session'
import { paths } from '../../lib/paths'
import { ALL_NAMESPACES, isNamespace, listOf, namespaceOfUser, rememberNamespace } from '../../lib/scope'
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
  const user = useQuery(me).data?.user
  const switchTo = useSwitchNamespace()
  const [typed, setTyped] = useState('')
  // A person who may not list namespaces still knows the names of theirs.
  const own = forbidden ? [namespaceOfUser(user), isNamespace(typed) ? typed : undefined] : []
  const names = new Set([value, ...own, ...list.map(({ name }) => name)].filter((name) => name !== undefined))
  return (
    <Select
      className={classes.namespace}
      size="xs"
      aria-label="Namespace"
      searchable
      allowDeselect={false}
      leftSection={<IconBox size={14} aria-hidden />}
      nothingFoundMessage={forbidden ? 'Type the whole name: you may not list namespaces.' : 'No such namespace'}
      comboboxProps={{ width: 260, position: 'bottom-start' }}
      data={[{ value: ALL_NAMESPACES, label: 'All namespaces' }, ...names]}
      value={value ?? ALL_NAMESPACES}
      onSearchChange={setTyped}
      onChange={(chosen) => void switchTo(chosen === ALL_NAMESPACES ? undefined : (chosen ?? undefined))}
    />
  )
}
