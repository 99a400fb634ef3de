import { expect, it } from 'vitest'

import { bestFirst, filled, matching, type Entry } from './entries'

const entry = (label: string): Entry => ({ id: label, label, icon: () => null })
const entries = [entry('Add Helm Repository'), entry('Add OCI Repository'), entry('Sign out')]

it('finds actions by the beginnings of their words', () => {
  expect(matching(entries, 'add rep').map(({ label }) => label)).toEqual(['Add Helm Repository', 'Add OCI Repository'])
  expect(matching(entries, 'OCI add').map(({ label }) => label)).toEqual(['Add OCI Repository'])
  expect(matching(entries, 'pository')).toEqual([])
  expect(matching(entries, '  ')).toHaveLength(3)
})

it('leaves out groups without entries', () =>
  expect(filled([{ label: 'Releases', entries: [] }, { label: 'Actions', entries }])).toHaveLength(1))

it('puts the group with the best name first', () => {
  const groups = [
    { label: 'Releases', entries: [entry('hello')] },
    { label: 'Charts', entries: [entry('my-samples')] },
    { label: 'Helm repositories', entries: [entry('Samples')] },
  ]
  expect(bestFirst(groups, 'sam').map(({ label }) => label)).toEqual(['Helm repositories', 'Charts', 'Releases'])
  expect(bestFirst(groups, '')).toEqual(groups)
})
