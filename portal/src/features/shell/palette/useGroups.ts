import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch as useAddress } from '@tanstack/react-router'
import { IconAnchor, IconBox, IconPackage, IconPackages } from '@tabler/icons-react'

import { answer, client, type Schemas } from '../../../api/client'
import { useNamespaces } from '../../../api/namespaces'
import { paths } from '../../../lib/paths'
import { useSwitchNamespace } from '../NamespacePicker'
import { bestFirst, filled, matching, type Entry, type Group, type Mode } from './entries'
import { useSearch, type Wanted } from './search'
import { useActions } from './useActions'

type Named = { namespace: string; name: string }
/** Pages about one object. */
type ObjectPath = typeof paths.release | typeof paths.repository | typeof paths.ociRepository
type Target = Named & { of: 'repositories' | 'oci-repositories' | 'releases' }

const at = ({ namespace, name }: Named) => ({ params: { path: { namespace, name } } })

/** Asks the controller to look at an object now. */
function request(target: Target) {
  if (target.of === 'releases')
    return answer(client.POST('/api/v1/namespaces/{namespace}/releases/{name}/reconcile', { ...at(target), body: {} }))
  if (target.of === 'repositories')
    return answer(client.POST('/api/v1/namespaces/{namespace}/repositories/{name}/sync', at(target)))
  return answer(client.POST('/api/v1/namespaces/{namespace}/oci-repositories/{name}/sync', at(target)))
}

const wantedOf = (mode: Mode, search: string): Wanted => ({
  releases: mode === 'reconcile' || (mode === 'all' && search !== ''),
  repositories: mode === 'sync' || (mode === 'all' && search !== ''),
  ociRepositories: mode === 'sync' || (mode === 'all' && search !== ''),
  charts: mode === 'all' && search !== '',
})

const state = (namespace: string, status: Schemas['Status']) => `${namespace} · ${status.state}`

/** What the palette shows for what was typed. */
export function useGroups(mode: Mode, search: string): { groups: Group[]; pending: boolean; error: unknown } {
  const navigate = useNavigate()
  const { namespace } = useAddress({ from: '/signed-in' })
  const { go, act } = useActions()
  const switchTo = useSwitchNamespace()
  const { list: namespaces } = useNamespaces()
  const found = useSearch(search, namespace, wantedOf(mode, search))
  const ask = useMutation({
    mutationFn: request,
    onSuccess: (_, { name, of }) =>
      notifications.show({ message: of === 'releases' ? `${name} is being reconciled` : `${name} is being synced` }),
    onError: (error, { name }) => notifications.show({ color: 'red', title: `${name}: not done`, message: error.message }),
  })
  const object = (target: Target, status: Schemas['Status'], icon: Entry['icon'], to: ObjectPath): Entry => ({
    id: `${target.of}/${target.namespace}/${target.name}`,
    label: target.name,
    description: state(target.namespace, status),
    icon,
    run: () =>
      mode === 'all' ? navigate({ to, params: { namespace: target.namespace, name: target.name } }) : ask.mutate(target),
  })
  if (mode === 'namespace') {
    const entries: Entry[] = [
      { id: 'namespace/*', label: 'All namespaces', icon: IconBox, run: () => switchTo(undefined) },
      ...namespaces.map(({ name }) => ({ id: `namespace/${name}`, label: name, icon: IconBox, run: () => switchTo(name) })),
    ]
    const words = search.toLowerCase()
    return { groups: filled([{ label: 'Namespaces', entries: entries.filter(({ label }) => label.toLowerCase().includes(words)) }]), pending: false, error: undefined }
  }
  const groups: Group[] = [
    {
      label: 'Releases',
      entries: (found.releases?.items ?? []).map((one) => object({ ...one, of: 'releases' }, one.status, IconAnchor, paths.release)),
    },
    {
      label: 'Helm repositories',
      entries: (found.repositories?.items ?? []).map((one) =>
        object({ ...one, of: 'repositories' }, one.status, IconPackages, paths.repository),
      ),
    },
    {
      label: 'OCI repositories',
      entries: (found.ociRepositories?.items ?? []).map((one) =>
        object({ ...one, of: 'oci-repositories' }, one.status, IconBox, paths.ociRepository),
      ),
    },
    {
      label: 'Charts',
      entries: (found.charts?.items ?? []).map((one) => ({
        id: `charts/${one.namespace}/${one.repository}/${one.name}`,
        label: one.name,
        description: `${one.version} · ${one.namespace}/${one.repository}`,
        icon: IconPackage,
        run: () =>
          navigate({ to: paths.chart, params: { namespace: one.namespace, name: one.repository, chart: one.name } }),
      })),
    },
  ]
  if (mode === 'all') {
    groups.unshift({ label: 'Go to', entries: search === '' ? go : [] })
    groups.push({ label: 'Actions', entries: matching(search === '' ? act : [...act, ...go], search) })
  }
  return { groups: bestFirst(filled(groups), search), pending: found.pending, error: found.error }
}
