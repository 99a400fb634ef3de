import { expect, it } from 'vitest'

import { foldable, searched, unhealthy, type Node } from './tree'

const node = (kind: string, name: string, health: string, children: Node[] = []): Node => ({ apiVersion: 'v1', kind, name, health, children })

const tree = [
  node('Service', 'web', 'Current'),
  node('Deployment', 'web', 'InProgress', [
    node('ReplicaSet', 'web-1', 'InProgress', [node('Pod', 'web-1-a', 'Current'), node('Pod', 'web-1-b', 'Failed')]),
  ]),
  node('Deployment', 'other', 'Current', [node('Pod', 'other-1', 'Current')]),
]

it('leaves out what is well', () => {
  expect(unhealthy(tree).map(({ name }) => name)).toEqual(['web'])
  expect(unhealthy(tree)[0]?.children?.[0]?.children?.map(({ name }) => name)).toEqual(['web-1-b'])
})

it('finds objects with the branch that they are on', () => {
  expect(searched(tree, 'pod other').length).toBe(1)
  expect(searched(tree, 'web-1-b')[0]?.children?.[0]?.children?.map(({ name }) => name)).toEqual(['web-1-b'])
  expect(searched(tree, 'nothing')).toEqual([])
  expect(searched(tree, ' ')).toBe(tree)
})

it('unfolds the way to what is not well', () => {
  expect(foldable(tree).wanted).toEqual(['v1/Deployment//web', 'v1/ReplicaSet//web-1'])
  expect(foldable(tree).all).toHaveLength(3)
})
