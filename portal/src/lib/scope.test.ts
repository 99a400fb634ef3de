import { expect, it } from 'vitest'

import { isNamespace, listOf, namespaceOfUser } from './scope'

const lists = ['/k8s/helm/release', '/k8s/services']

it.each([
  ['/k8s/helm/release/team/web', '/k8s/helm/release'],
  ['/k8s/services/team/Deployment/web', '/k8s/services'],
  ['/k8s/helm/release/add', undefined],
  ['/k8s/helm/release', undefined],
  ['/k8s/helm/releases/team', undefined],
])('%s is left for %s', (pathname, list) => expect(listOf(pathname, lists)).toBe(list))

it('knows the names of namespaces', () => {
  expect(['team', 'team-1', '1'].every(isNamespace)).toBe(true)
  expect(['', '*', '-a', 'Team', 'a.b', 'a'.repeat(64)].some(isNamespace)).toBe(false)
  expect(namespaceOfUser('system:serviceaccount:team:deployer')).toBe('team')
  expect(namespaceOfUser('admin')).toBeUndefined()
})
