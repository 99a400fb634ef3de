import { expect, it } from 'vitest'

import { byName, filled, matching, type Entry } from './entries'

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

it('puts names before other hits', () => {
  const items = ['queue', 'my-hello', 'hello-2', 'hello'].map((name) => ({ name }))
  expect(byName(items, 'Hello').map(({ name }) => name)).toEqual(['hello', 'hello-2', 'my-hello', 'queue'])
})
