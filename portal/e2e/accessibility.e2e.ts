import { beforeAll, describe, expect, it, vi } from 'vitest'

import { addRelease, addRepository, api } from './api'
import { accessible } from './axe'
import { open, see } from './browser'

const chart = '/k8s/helm/repository/default/clear/chart/webapp'

/** Views by address, with the text that is there once they are shown. */
const views: [path: string, shown: RegExp][] = [
  ['/k8s/helm/release', /clear-sight/],
  ['/k8s/helm/release/add?namespace=default&source=clear&chart=webapp', /Defaults of the chart|Hide the chart/],
  ['/k8s/helm/release/default/clear-sight', /clear-sight/],
  ['/k8s/helm/release/default/clear-sight?tab=resources', /clear-sight-webapp/],
  ['/k8s/helm/release/default/clear-sight?tab=history', /Revision/],
  ['/k8s/helm/release/default/clear-sight?tab=values', /replicaCount/],
  ['/k8s/helm/release/default/clear-sight?tab=tests', /test/],
  ['/k8s/helm/release/default/clear-sight?tab=notes', /clear-sight/],
  ['/k8s/helm/release/default/clear-sight?tab=manifest', /kind: /],
  ['/k8s/helm/release/default/clear-sight?tab=yaml', /HelmRelease/],
  ['/k8s/helm/release/default/clear-sight?tab=events', /InstallSucceeded|Helm install succeeded/],
  ['/k8s/helm/release/default/clear-sight/edit', /Update Helm Release/],
  ['/k8s/helm/repository', /clear/],
  ['/k8s/helm/repository/default/clear', /In sync/],
  ['/k8s/helm/repository/default/clear?tab=charts', /webapp/],
  [`${chart}?version=1.0.0`, /how many Pods serve/],
  [`${chart}?tab=values`, /replicaCount/],
  [`${chart}?tab=templates`, /kind: ConfigMap/],
  [`${chart}?tab=versions`, /this version/],
  [`${chart}?tab=dependencies`, /cache/],
  [`${chart}?tab=releases`, /clear-sight/],
  [`${chart}?tab=install`, /helm install/],
  [`${chart}/compare?from=1.0.0&to=2.0.0`, /lines added/],
  ['/k8s/helm/chart', /queue-worker/],
  ['/k8s/helm/oci-repository', /OCI repositories/],
  ['/k8s/services', /clear-sight-webapp/],
  ['/k8s/nothing', /./],
]

const dialogs: [path: string, button: string | RegExp][] = [
  ['/k8s/helm/repository?namespace=default', 'Add'],
  ['/k8s/helm/oci-repository?namespace=default', 'Add'],
  ['/k8s/helm/release', 'Search or start an action'],
]

beforeAll(async () => {
  await addRepository('clear')
  await addRelease('clear-sight', 'clear', 'webapp', '1.0.0')
  await addRelease('rolled', 'clear', 'webapp', '1.0.0')
  await api('PATCH', '/namespaces/default/releases/rolled', { version: '1.1.0' })
  await vi.waitFor(async () => expect(await api('GET', '/namespaces/default/releases/rolled/history')).toHaveLength(2), 45_000)
})

describe.each(['light', 'dark'] as const)('everybody can use, in the %s theme,', (theme) => {
  it('every view', async () => {
    const page = await open(undefined, { theme, bypassPolicy: true })
    for (const [path, shown] of views) {
      await page.goto(path)
      // What stands on narrow pages only is there too, but hidden.
      await see(page.getByRole('main').getByText(shown).filter({ visible: true }))
      await accessible(page, path)
    }
  }, 120_000)

  it('every pane and dialog', async () => {
    const page = await open(undefined, { theme, bypassPolicy: true })
    for (const [path, button] of dialogs) {
      await page.goto(path)
      await page.getByRole('button', { name: button, exact: true }).first().click()
      await see(page.getByRole('dialog'))
      await accessible(page, `${path}: ${button}`)
    }
    await page.goto('/k8s/helm/repository?namespace=default')
    await page.getByRole('button', { name: 'Actions for clear', exact: true }).click()
    await see(page.getByRole('menu'))
    await accessible(page, 'the menu of a row')
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await see(page.getByRole('dialog').getByRole('textbox'))
    await accessible(page, 'Delete')
  }, 120_000)

  it('every dialog of a release', async () => {
    const page = await open(undefined, { theme, bypassPolicy: true })
    await page.goto('/k8s/helm/release/add?namespace=default&source=clear&chart=webapp&version=1.0.0')
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('not-made')
    await page.getByRole('button', { name: 'Preview' }).click()
    await see(page.getByRole('dialog').getByRole('tab', { name: /Documents/ }))
    await accessible(page, 'the preview')

    await page.goto('/k8s/helm/release/default/clear-sight/edit?version=2.0.0')
    await page.getByRole('button', { name: 'Update', exact: true }).click()
    await see(page.getByRole('dialog').getByRole('tab', { name: /Changes/ }))
    await accessible(page, 'what an update changes')

    await page.goto('/k8s/helm/release/default/rolled?tab=history')
    await page.getByRole('button', { name: 'Roll back to revision 1' }).click()
    await see(page.getByRole('dialog', { name: 'Roll back rolled' }))
    await accessible(page, 'rolling back')

    await page.goto(`${chart}?version=1.0.0`)
    await page.getByRole('combobox', { name: 'Version' }).click()
    await see(page.getByRole('option'))
    await accessible(page, 'the list of versions')
  }, 120_000)

  it('signing in', async () => {
    const page = await open('/sign-in', { theme, as: 'nobody', bypassPolicy: true })
    await see(page.getByRole('button', { name: 'Sign in' }))
    await accessible(page, 'sign in')
  })
})

it('nothing is cut on a page of 390 pixels', async () => {
  const page = await open(undefined, { width: 390 })
  for (const [path, shown] of views) {
    await page.goto(path)
    await see(page.getByRole('main').getByText(shown))
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), path).toBeLessThanOrEqual(0)
  }
}, 120_000)
