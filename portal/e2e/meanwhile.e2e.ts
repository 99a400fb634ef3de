import { beforeAll, expect, it } from 'vitest'

import { addRelease, addRepository, api } from './api'
import { open, see } from './browser'

beforeAll(async () => {
  await addRepository('going')
  await addRelease('leaving', 'going', 'webapp', '1.0.0')
})

it('a release that is deleted meanwhile is said to be gone', async () => {
  const page = await open('/k8s/helm/release/default/leaving')
  await see(page.getByRole('tab', { name: 'Resources' }))
  await api('DELETE', '/namespaces/default/releases/leaving')
  await see(page.getByText('leaving was deleted'))
  await expect.poll(() => page.getByRole('tab').count()).toBe(0)
})

it('a repository that is deleted meanwhile is said to be gone', async () => {
  const page = await open('/k8s/helm/repository/default/going')
  await see(page.getByRole('button', { name: 'Sync now' }))
  await api('DELETE', '/namespaces/default/repositories/going?confirm=going')
  await see(page.getByText('going was deleted'))
  await expect.poll(() => page.getByRole('tab').count()).toBe(0)
})

it('a form whose repository is deleted says so, and keeps what was typed', async () => {
  await addRepository('gone-too')
  const page = await open('/k8s/helm/repository/default/gone-too?action=update')
  const pane = page.getByRole('dialog', { name: 'Update gone-too' })
  const address = pane.getByRole('textbox', { name: 'Repository URL' })
  await address.fill('oci://typed.example/charts')
  await api('DELETE', '/namespaces/default/repositories/gone-too')
  await see(pane.getByText('gone-too was deleted'))
  expect(await address.inputValue()).toBe('oci://typed.example/charts')
})
