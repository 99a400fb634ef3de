import { expect, inject, it } from 'vitest'

import { api, becomes } from './api'
import { choose, gone, open, rowAction, see, seeRow } from './browser'

const { registry, signIn, url } = inject('stand')

// The numbered steps of the product's main job; each goes on where the one before ended.

it('1: the printed link signs in and leads to Kubernetes, Helm, Helm Repository', async () => {
  const page = await open(undefined, { as: 'nobody' })
  await page.goto(signIn)
  await see(page.getByRole('heading', { name: 'Release', level: 1 }))
  expect(page.url()).not.toContain('code=')
  await page.getByRole('navigation', { name: 'Helm', exact: true }).getByRole('link', { name: 'Helm Repository' }).click()
  await see(page.getByRole('heading', { name: 'Helm Repository', level: 1 }))
  await see(page.getByText(/No Helm repositories/))
  const again = await open(undefined, { as: 'nobody' })
  await again.goto(signIn)
  await see(again.getByRole('alert'))
})

it('2 and 3: a repository is tested, created, and synced', async () => {
  const page = await open('/k8s/helm/repository?namespace=default')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const pane = page.getByRole('dialog', { name: 'Add Helm Repository' })
  expect(await pane.getByRole('spinbutton', { name: 'Interval (MM:SS)' }).inputValue()).toBe('05:00')
  await pane.getByRole('textbox', { name: 'Name', exact: true }).fill('main')
  await choose(pane, 'Repository Type', 'OCI Repository')
  await pane.getByRole('textbox', { name: 'Repository URL' }).fill(`oci://${registry}/charts`)
  await pane.getByRole('button', { name: 'Advanced' }).click()
  await pane.getByRole('switch', { name: 'Plain HTTP (insecure)' }).click()
  await page.getByRole('dialog', { name: 'Allow plain HTTP?' }).getByRole('button', { name: 'Allow plain HTTP' }).click()
  await pane.getByRole('button', { name: 'Test connection' }).click()
  await see(pane.getByText(/catalog|charts/i))
  await pane.getByRole('button', { name: 'Create' }).click()
  await gone(pane)
  await seeRow(page, 'main', 'Ready', '05:00')
})

it('4: View says what the sync found, Update changes the interval', async () => {
  const page = await open('/k8s/helm/repository?namespace=default')
  await rowAction(page, 'main', 'View')
  await see(page.getByRole('heading', { name: 'main', level: 1 }))
  await see(page.getByText('the registry’s catalog'))
  await page.getByRole('tab', { name: /^Charts/ }).click()
  await see(page.getByRole('link', { name: 'webapp', exact: true }))
  await page.goto('/k8s/helm/repository?namespace=default')
  await rowAction(page, 'main', 'Update')
  const pane = page.getByRole('dialog')
  await pane.getByRole('spinbutton', { name: 'Interval (MM:SS)' }).fill('02:00')
  await pane.getByRole('button', { name: 'Save', exact: true }).click()
  await gone(pane)
  await page.goto('/k8s/helm/repository?namespace=default')
  await seeRow(page, 'main', '02:00')
})

it('5 and 6: a chart is chosen and deployed; the release is ready, with its resources and history', async () => {
  const page = await open('/k8s/helm/release?namespace=default')
  await page.getByRole('link', { name: /^Add/ }).first().click()
  await see(page.getByRole('heading', { name: 'Add Helm Release' }))
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('job')
  expect(await page.getByRole('textbox', { name: 'Release Name' }).inputValue()).toBe('job')
  await choose(page, 'Source Name', /main/)
  await choose(page, 'Chart Name', /webapp/)
  const version = page.getByRole('combobox', { name: 'Chart Version' })
  await version.fill('1.0.x')
  await see(page.getByText(/1\.0\.0/))
  await page.keyboard.press('Tab')
  await page.getByRole('textbox', { name: 'Values', exact: true }).fill('replicaCount: 3')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.waitForURL(/\/k8s\/helm\/release(?:\/default\/job)?(?:\?|$)/)
  await becomes('/namespaces/default/releases/job', 'Ready')
  await page.goto('/k8s/helm/release/default/job?tab=resources')
  await see(page.getByText('job-webapp'))
  await page.getByRole('tab', { name: /^History/ }).click()
  await see(page.getByRole('table', { name: 'Revisions' }).getByRole('row').filter({ hasText: '1.0.0' }))
})

it('7: a deleted repository removes no release, which says why it stops and goes on when it is back', async () => {
  const page = await open('/k8s/helm/repository?namespace=default')
  await rowAction(page, 'main', 'Delete')
  const dialog = page.getByRole('dialog', { name: 'Delete main' })
  await see(dialog.getByText('default/job'))
  const remove = dialog.getByRole('button', { name: 'Delete', exact: true })
  expect(await remove.isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill('main')
  await remove.click()
  await gone(dialog)
  await becomes('/namespaces/default/releases/job', 'Failed')
  await page.goto('/k8s/helm/release?namespace=default')
  await seeRow(page, 'job', /main/, /Failed/)
  await api('POST', '/namespaces/default/repositories', { name: 'main', type: 'oci', url: `oci://${registry}/charts`, insecure: true })
  await seeRow(page, 'job', /Ready/)
})

it('8: other programs see the same release: the API lists what the portal made', async () => {
  const response = await fetch(`${url}/api/v1/namespaces/default/releases/job/history`, {
    headers: { authorization: `Bearer ${inject('stand').adminToken}` },
  })
  expect(await response.text()).toContain('1.0.0')
})
