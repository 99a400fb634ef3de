import { beforeAll, expect, it } from 'vitest'

import { addRelease, addRepository, api } from './api'
import { open, see } from './browser'

const repository = '/namespaces/default/repositories/going'

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

it('a repository that is deleted while it is updated is said to be gone', async () => {
  const page = await open('/k8s/helm/repository/default/going?action=update')
  await see(page.getByRole('dialog', { name: 'Update going' }).getByRole('textbox', { name: 'Repository URL' }))
  await api('DELETE', `${repository}?confirm=going`)
  await see(page.getByText('going was deleted'))
  await expect.poll(() => page.getByRole('tab').count()).toBe(0)
})
