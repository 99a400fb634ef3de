import { beforeAll, describe, expect, it, vi } from 'vitest'

import { addRelease, addRepository, api, becomes } from './api'
import { gone, open, rowAction, see, seeRow } from './browser'

const path = (tab: string) => `/k8s/helm/release/default/voyage?tab=${tab}`

beforeAll(async () => {
  await addRepository('harbour')
  await addRelease('voyage', 'harbour', 'webapp', '1.0.0')
  await api('PATCH', '/namespaces/default/releases/voyage', { chart: { sourceName: 'harbour', name: 'webapp', version: '1.1.0' } })
  await vi.waitFor(async () => expect(await api('GET', '/namespaces/default/releases/voyage/history')).toHaveLength(2), 45_000)
  await becomes('/namespaces/default/releases/voyage', 'Ready')
})

describe('a new release', () => {
  const filled = '/k8s/helm/release/add?namespace=default&source=harbour'

  it('is rendered before it is created', async () => {
    const page = await open(`${filled}&chart=webapp&version=1.0.0`)
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('previewed')
    await page.getByRole('button', { name: 'Preview' }).click()
    const preview = page.getByRole('dialog')
    await see(preview.getByText(/previewed-webapp/))
    await page.keyboard.press('Escape')
    await gone(preview)
  })

  it('shows the place in the template where rendering fails', async () => {
    const page = await open(`${filled}&chart=broken-template&version=1.0.0`)
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('failing')
    await page.getByRole('button', { name: 'Preview' }).click()
    await see(page.getByText(/configmap\.yaml/))
  })

  it('and its YAML are two views of one object', async () => {
    const page = await open(`${filled}&chart=webapp&version=1.0.0`)
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('two-views')
    await page.getByText('YAML', { exact: true }).click()
    await see(page.getByText(/name: two-views/))
  })

  it('is not offered to those who may only read', async () => {
    const page = await open('/k8s/helm/release?namespace=default', { as: 'viewer' })
    await seeRow(page, 'voyage', 'Ready')
    await see(page.getByRole('button', { name: /^Add – You may not add releases/ }))
  })
})

describe('a release', () => {
  it('shows its resources, values, notes and history', async () => {
    const page = await open(path('resources'))
    await see(page.getByText('voyage-webapp'))
    await page.goto(path('values'))
    await see(page.getByText('replicaCount'))
    await page.goto(path('notes'))
    await see(page.getByText(/runs as voyage/))
    await page.goto(path('history'))
    await see(page.getByRole('table', { name: 'Revisions' }))
  })

  it('compares revisions', async () => {
    const page = await open(path('history'))
    await page.getByRole('button', { name: 'Changes of revision 2' }).click()
    await see(page.getByText(/PodDisruptionBudget/))
  })

  it('is rolled back', async () => {
    const page = await open(path('history'))
    await page.getByRole('button', { name: 'Roll back to revision 1' }).click()
    const dialog = page.getByRole('dialog', { name: 'Roll back voyage' })
    await see(dialog)
    await dialog.getByRole('button', { name: /^Roll back/ }).click()
    await gone(dialog)
    await expect
      .poll(() => api<unknown[]>('GET', '/namespaces/default/releases/voyage/history'), { timeout: 45_000 })
      .toHaveLength(3)
  })

  it('runs its tests and shows their logs', async () => {
    const page = await open(path('tests'))
    await page.getByRole('button', { name: 'Run the tests' }).click()
    await see(page.getByText('1 of 1 succeeded, 0 failed.'))
    await see(page.getByRole('article').filter({ hasText: 'voyage-webapp-connection' }).getByText('Succeeded'))
    await see(page.getByRole('region', { name: 'Log of voyage-webapp-connection' }))
  })

  it('is looked at, and not touched, by those who may only read', async () => {
    const page = await open(path('history'), { as: 'viewer' })
    for (const action of ['Update', 'Reconcile|Resume']) {
      const button = page.getByRole('button', { name: new RegExp(`^(${action}) – You may not change releases in the namespace default`) })
      await see(button)
      await button.click({ force: true })
    }
    expect(page.url()).toContain('/default/voyage')
    await page.getByRole('button', { name: 'More actions for voyage' }).click()
    await see(page.getByRole('menuitem', { name: /Delete.*You may not delete releases/ }))
    await page.getByRole('menuitem', { name: /Delete/ }).click({ force: true })
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.goto('/k8s/helm/release/default/voyage/edit')
    await see(page.getByText(/You may not change releases/))
  })

  it('is suspended and resumed from its row', async () => {
    const page = await open('/k8s/helm/release?namespace=default')
    await api('POST', '/namespaces/default/releases/voyage/resume')
    await becomes('/namespaces/default/releases/voyage', 'Ready')
    await seeRow(page, 'voyage', 'Ready')
    await rowAction(page, 'voyage', 'Suspend')
    await seeRow(page, 'voyage', 'Suspended')
    await rowAction(page, 'voyage', 'Resume')
    await seeRow(page, 'voyage', 'Ready')
  })

  it('is updated from its form', async () => {
    const page = await open('/k8s/helm/release/default/voyage/edit')
    await see(page.getByRole('heading', { name: 'Update Helm Release voyage' }))
    expect(await page.getByRole('textbox', { name: 'Name', exact: true }).isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: 'Values', exact: true }).fill('replicaCount: 4')
    await page.getByRole('button', { name: /^Update/ }).click()
    const plan = page.getByRole('dialog')
    await Promise.race([see(plan), page.waitForURL(/default\/voyage(\?|$)/)])
    if (await plan.isVisible()) await plan.getByRole('button', { name: /^Update/ }).click()
    await expect
      .poll(() => api<{ replicas?: number }>('GET', '/namespaces/default/services/Deployment/voyage-webapp'), { timeout: 45_000 })
      .toMatchObject({ replicas: 4 })
  })

  it('is deleted', async () => {
    await addRelease('sunk', 'harbour', 'queue-worker')
    const page = await open('/k8s/helm/release?namespace=default')
    await rowAction(page, 'sunk', 'Delete')
    const dialog = page.getByRole('dialog', { name: 'Delete sunk' })
    await dialog.getByRole('textbox', { name: /^Type sunk/ }).fill('sunk')
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
    await gone(dialog)
    await gone(page.getByRole('row').filter({ hasText: 'sunk' }))
  })

  it('that was never deployed is deleted without asking for what is not there', async () => {
    await api('POST', '/namespaces/default/repositories', { name: 'silent', type: 'default', url: 'http://127.0.0.1:9/none' })
    await api('POST', '/namespaces/default/releases', { name: 'unborn', chart: { sourceName: 'silent', name: 'webapp' } })
    const page = await open('/k8s/helm/release?namespace=default')
    const refused: string[] = []
    page.on('response', (response) => response.status() >= 400 && refused.push(response.url()))
    await rowAction(page, 'unborn', 'Delete')
    const dialog = page.getByRole('dialog', { name: 'Delete unborn' })
    await see(dialog.getByText('Nothing of it is deployed.'))
    await dialog.getByRole('textbox').fill('unborn')
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
    await gone(dialog)
    await gone(page.getByRole('row').filter({ hasText: 'unborn' }))
    expect(refused).toEqual([])
  })
})
