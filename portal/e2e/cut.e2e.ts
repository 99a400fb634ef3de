import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, inject, it } from 'vitest'

import { addRelease, addRepository, api } from './api'
import { open, see } from './browser'

const { registry } = inject('stand')

/** How far the page, or what else is selected in it, reaches beyond what is to be seen. */
const beyond = (page: Page, also: string) =>
  page.evaluate((selector) => {
    const boxes = [document.documentElement, ...document.querySelectorAll(selector)]
    return Math.max(...boxes.map((box) => Math.max(box.scrollWidth - box.clientWidth, box.getBoundingClientRect().right - window.innerWidth)))
  }, also)

const long = 'n'.repeat(63)
const longRelease = 'r'.repeat(53)

beforeAll(async () => {
  await addRepository('slim')
  await addRelease('slim-one', 'slim', 'webapp', '1.0.0')
  await api('POST', '/namespaces/default/repositories', { name: long, type: 'oci', url: `oci://${registry}/charts`, insecure: true, charts: ['webapp'] })
  // Whether it becomes ready does not matter: its messages are long too.
  await api('POST', '/namespaces/default/releases', { name: longRelease, chart: { sourceName: long, name: 'webapp', version: '1.0.0' } })
})

describe('nothing is cut', () => {
  it('of a table on a page of 390 pixels', async () => {
    const page = await open(undefined, { width: 390 })
    const tables: [string, string][] = [
      ['/k8s/helm/release/default/slim-one', 'Conditions'],
      ['/k8s/helm/release/default/slim-one?tab=history', 'Revisions'],
      ['/k8s/helm/release/default/slim-one?tab=values', 'Values in force'],
      ['/k8s/helm/repository/default/slim?tab=releases', 'Releases that use it'],
      ['/k8s/helm/repository/default/slim/chart/webapp?tab=versions', 'Versions'],
      ['/k8s/helm/repository/default/slim/chart/webapp?tab=dependencies', 'Dependencies'],
    ]
    for (const [path, name] of tables) {
      await page.goto(path)
      const table = page.getByRole('table', { name, exact: true })
      await see(table)
      // Below 768 pixels the rows are cards, and still rows of a table.
      await see(table.getByRole('row').nth(1).getByRole('cell'))
      expect(await beyond(page, 'main table'), path).toBeLessThanOrEqual(1)
    }
  })

  it.each([390, 1440])('of the longest names on a page of %i pixels', async (width) => {
    const page = await open(undefined, { width })
    for (const path of [
      '/k8s/helm/release',
      '/k8s/helm/repository',
      `/k8s/helm/release/default/${longRelease}`,
      `/k8s/helm/release/default/${longRelease}?tab=events`,
      `/k8s/helm/repository/default/${long}?tab=releases`,
    ]) {
      await page.goto(path)
      await see(page.getByRole('main').getByText(/n{63}|r{53}/).filter({ visible: true }))
      expect(await beyond(page, 'main h1, main nav, main li, main [data-row] td.mantine-Table-td:nth-child(-n+2)'), path).toBeLessThanOrEqual(1)
    }
  })
})
