import { beforeAll, describe, expect, inject, it } from 'vitest'

import { addRelease, addRepository, api } from './api'
import { choose, gone, open, see, seeRow } from './browser'

beforeAll(async () => {
  await addRepository('shell')
  await addRelease('steered', 'shell', 'queue-worker')
})

describe('signing in', () => {
  it('takes a token, and leads to the view that was asked for', async () => {
    const page = await open('/k8s/services', { as: 'nobody' })
    await see(page.getByRole('heading', { name: 'Sign in to Pilothouse' }))
    await page.getByRole('textbox', { name: 'Token' }).fill(inject('stand').viewerToken)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await see(page.getByRole('heading', { name: 'Services', level: 1 }))
    await page.getByRole('button', { name: /^Signed in as/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await see(page.getByRole('heading', { name: 'Sign in to Pilothouse' }))
  })

  it('refuses a wrong token in words', async () => {
    const page = await open('/sign-in', { as: 'nobody' })
    await page.getByRole('textbox', { name: 'Token' }).fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await see(page.getByText(/not accept/))
  })
})

describe('the shell', () => {
  it('says when changes do not arrive, and when they do again', async () => {
    const page = await open(undefined, { cuts: true })
    await page.context().route('**/api/v1/stream*', (route) => route.abort())
    await page.goto('/k8s/helm/release')
    await see(page.getByText(/^Disconnected since/))
    await page.context().unroute('**/api/v1/stream*')
    await page.getByRole('button', { name: 'Try now' }).click()
    await gone(page.getByText(/^Disconnected since/))
    await seeRow(page, 'steered')
  })

  it('finds a release by its palette, with the keyboard alone', async () => {
    const page = await open('/k8s/helm/repository')
    await see(page.getByRole('table'))
    await page.keyboard.press('Control+k')
    await see(page.getByRole('dialog').getByRole('combobox'))
    await page.keyboard.type('steered')
    await see(page.getByRole('option', { name: /steered/, selected: true }))
    await page.keyboard.press('Enter')
    await see(page.getByRole('heading', { name: 'steered', level: 1 }))
  })

  it('opens what was typed, however quickly Enter follows', async () => {
    const page = await open('/k8s/helm/repository')
    await see(page.getByRole('table'))
    await page.keyboard.press('Control+k')
    await see(page.getByRole('dialog').getByRole('combobox'))
    await page.keyboard.type('steered')
    await page.keyboard.press('Enter')
    await see(page.getByRole('heading', { name: 'steered', level: 1 }))
  })

  it('lists its shortcuts, and gives the focus back', async () => {
    const page = await open('/k8s/helm/release')
    await see(page.getByRole('table'))
    await page.keyboard.press('?')
    const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await see(list)
    await page.keyboard.press('Escape')
    await gone(list)
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await see(page.getByRole('heading', { name: 'Services', level: 1 }))
  })

  it('keeps the namespace and the theme, and says that the cluster is simulated', async () => {
    const page = await open('/k8s/helm/release')
    await see(page.getByText('Simulated cluster'))
    await choose(page, 'Namespace', 'default')
    await page.waitForURL(/namespace=default/)
    await page.keyboard.press('Control+k')
    await see(page.getByRole('dialog').getByRole('combobox'))
    await page.keyboard.type('Theme: Dark')
    await see(page.getByRole('option', { name: 'Theme: Dark', selected: true }))
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark')
    await page.reload()
    await see(page.getByRole('table'))
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark')
    expect(page.url()).toContain('namespace=default')
  })

  it('says what is not there', async () => {
    const page = await open('/k8s/nothing')
    await see(page.getByRole('heading', { level: 1 }))
    await page.goto('/k8s/helm/release/default/absent')
    await see(page.getByText(/absent/))
  })
})

describe('tables', () => {
  it('search, sort and filter in the address', async () => {
    const page = await open('/k8s/helm/release?namespace=default')
    await page.getByRole('searchbox', { name: 'Search' }).fill('steered')
    await page.waitForURL(/search=steered/)
    await seeRow(page, 'steered', 'Ready')
    await page.getByRole('searchbox', { name: 'Search' }).fill('nothing-like-it')
    await see(page.getByText(/nothing-like-it/))
    await page.goto('/k8s/helm/release?namespace=default&sort=-name')
    await see(page.locator('th[aria-sort=descending]'))
  })

  it('follow the cluster without being loaded again', async () => {
    const page = await open('/k8s/helm/repository?namespace=default')
    await seeRow(page, 'shell')
    await api('POST', '/namespaces/default/repositories', { name: 'comes-later', type: 'default', url: 'http://127.0.0.1:9/none' })
    await seeRow(page, 'comes-later')
    await api('DELETE', '/namespaces/default/repositories/comes-later?confirm=comes-later')
    await gone(page.getByRole('row').filter({ hasText: 'comes-later' }))
  })

  it('show services with their release', async () => {
    await addRelease('served', 'shell', 'webapp', '1.0.0')
    const page = await open('/k8s/services?namespace=default')
    await seeRow(page, 'served-webapp', /2 \/ 2/)
    await page.getByRole('link', { name: 'served-webapp', exact: true }).click()
    await see(page.getByRole('heading', { name: 'served-webapp', level: 1 }))
  })

  it('show services to those who may only read', async () => {
    const page = await open('/k8s/services?namespace=default', { as: 'viewer' })
    await seeRow(page, 'served-webapp')
    await page.getByRole('link', { name: 'served-webapp', exact: true }).click()
    await see(page.getByText(/It can only be looked at here/))
  })
})
