import { preferences } from './preferences'

/** Stands for all namespaces in the picker; no namespace can have this name. */
export const ALL_NAMESPACES = '*'

/** The namespace that was chosen last in this browser; nothing for all. */
export const rememberedNamespace = () => preferences.get('namespace')

export const rememberNamespace = (namespace: string | undefined) => preferences.set('namespace', namespace)

/** Whether a namespace may have this name (a DNS label). */
export const isNamespace = (name: string) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)

/** The namespace of a service account; nothing for other users. */
export const namespaceOfUser = (user: string | undefined) => /^system:serviceaccount:([^:]+):/.exec(user ?? '')?.[1]

/** Where the portal is left for when the namespace changes on a page about one object: the list that holds it. */
export function listOf(pathname: string, lists: readonly string[]): string | undefined {
  const list = lists.find((path) => pathname.startsWith(`${path}/`))
  // `/k8s/helm/release/add` is no object: the form follows the picker.
  return list && pathname !== `${list}/add` ? list : undefined
}
