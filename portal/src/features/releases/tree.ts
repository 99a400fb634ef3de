import type { Schemas } from '../../api/client'

export type Node = Schemas['Node']

/** One name for an object within a release. */
export function keyOf({ apiVersion, kind, namespace, name }: Node): string {
  return `${apiVersion}/${kind}/${namespace ?? ''}/${name}`
}

export function isUnhealthy(node: Node): boolean {
  return node.health !== 'Current' || (node.children ?? []).some(isUnhealthy)
}

/** The tree without what is well. */
export function unhealthy(nodes: Node[]): Node[] {
  return nodes.filter(isUnhealthy).map((node) => ({ ...node, children: unhealthy(node.children ?? []) }))
}

/** The branches whose object, or one below it, matches a text. */
export function searched(nodes: Node[], text: string): Node[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return nodes
  return nodes.flatMap((node) => {
    if (`${node.kind} ${node.name} ${node.reason ?? ''}`.toLowerCase().includes(wanted)) return [node]
    const children = searched(node.children ?? [], text)
    return children.length > 0 ? [{ ...node, children }] : []
  })
}

/** Keys of all objects that can be unfolded, and of those that should be: where something below is not well. */
export function foldable(nodes: Node[]): { all: string[]; wanted: string[] } {
  const all: string[] = []
  const wanted: string[] = []
  const visit = (node: Node) => {
    const children = node.children ?? []
    const events = node.events ?? []
    if (children.length > 0 || events.length > 0) {
      all.push(keyOf(node))
      if (isUnhealthy(node)) wanted.push(keyOf(node))
    }
    children.forEach(visit)
  }
  nodes.forEach(visit)
  return { all, wanted }
}
