import { beforeAll, describe, expect, it } from 'vitest'

import { addRelease, addRepository } from './api'
import { choose, open, see } from './browser'
import { MANY_VERSIONS, TRAP } from './sampleCharts'

const chart = (name: string, query = '') => `/k8s/helm/repository/default/charts/chart/${name}${query}`

beforeAll(async () => {
  await addRepository('charts')
  await addRelease('shown', 'charts', 'webapp', '1.0.0')
})

describe('a chart', () => {
  it('shows its README, its settings, its schema and its files', async () => {
    const page = await open(chart('webapp'))
    await see(page.getByRole('heading', { name: 'webapp', level: 1 }))
    // Read in a worker; the page's own heading is the level above.
    await see(page.getByRole('tabpanel').getByRole('heading', { name: 'webapp', level: 2 }))
    await see(page.getByRole('tabpanel').getByRole('table'))
    await see(page.getByText('No signature was found.'))
    await page.getByRole('tab', { name: 'Values' }).click()
    await page.getByRole('searchbox', { name: 'Search settings' }).fill('front page')
    await see(page.getByText(/^1 of \d+ settings$/))
    await see(page.getByText('message', { exact: true }))
    await page.getByText('Schema', { exact: true }).click()
    await page.getByRole('button', { name: 'image', exact: true }).click()
    await see(page.getByText('pullPolicy', { exact: true }))
    await page.getByRole('tab', { name: /^Templates/ }).click()
    await page.getByRole('button', { name: 'deployment.yaml' }).click()
    await see(page.getByText('kind: Deployment'))
    await page.getByRole('tab', { name: /^Dependencies/ }).click()
    await see(page.getByRole('cell', { name: 'cache.enabled' }))
    await page.getByRole('tab', { name: 'Releases' }).click()
    await see(page.getByRole('link', { name: 'shown', exact: true }))
    await page.getByRole('tab', { name: 'Install' }).click()
    await see(page.getByText(/^helm install webapp oci:\/\//))
    await page.reload()
    await see(page.getByRole('tab', { name: 'Install', selected: true }))
  })

  it('compares any two versions, both ways', async () => {
    const page = await open(chart('webapp', '?version=2.0.0'))
    await page.getByRole('link', { name: 'Compare versions' }).click()
    await choose(page, 'From', /^1\.0\.0/)
    await see(page.getByRole('heading', { name: /^Values 4 lines added/ }))
    await page.getByRole('button', { name: /added templates\/ingress\.yaml/ }).click()
    await see(page.getByText('kind: Ingress'))
    await page.getByRole('button', { name: 'Swap the versions' }).click()
    await see(page.getByRole('heading', { name: /^Values 0 lines added, 4 removed/ }))
    expect(page.url()).toContain('from=2.0.0')
  })

  it('is deployed from its page', async () => {
    const page = await open(chart('webapp', '?version=1.1.0'))
    await page.getByRole('link', { name: 'Deploy' }).click()
    await see(page.getByRole('heading', { name: 'Add Helm Release' }))
    await expect.poll(() => page.getByRole('combobox', { name: 'Chart Version' }).inputValue()).toBe('1.1.0')
    expect(await page.getByRole('combobox', { name: 'Chart Name' }).inputValue()).toBe('webapp')
  })

  it('is found among the charts of all repositories', async () => {
    const page = await open('/k8s/helm/chart?namespace=default')
    await page.getByRole('searchbox', { name: 'Search' }).fill('queue')
    await page.getByRole('link', { name: 'queue-worker' }).first().click()
    await see(page.getByRole('heading', { name: 'queue-worker', level: 1 }))
  })

  it('of very many versions opens its list of versions at once', async () => {
    const page = await open(chart('many'))
    const picker = page.getByRole('combobox', { name: 'Version' })
    await expect.poll(() => picker.inputValue()).toBe(`1.${MANY_VERSIONS - 2}.0`)
    const began = Date.now()
    await picker.click()
    await see(page.getByRole('option').first())
    expect(Date.now() - began).toBeLessThan(3_000)
    expect(await page.getByRole('option').count()).toBe(MANY_VERSIONS * 0.9)
    await page.keyboard.press('Escape')
    await page.getByRole('checkbox', { name: /Prereleases too/ }).check()
    await picker.fill('1.399')
    await page.getByRole('option', { name: /1\.399\.0-rc\.1/ }).click()
    await see(page.getByText('prerelease', { exact: true }))
  })

  it('or a version that is not there is said in words', async () => {
    const page = await open(chart('webapp', '?version=9.9.9'))
    await see(page.getByRole('alert').filter({ hasText: '9.9.9' }))
    await page.goto(chart('none'))
    await see(page.getByRole('alert'))
  })

  it('is not offered for deployment to those who may only read', async () => {
    const page = await open(chart('webapp'), { as: 'viewer' })
    const deploy = page.getByRole('button', { name: /^Deploy – You may not add releases/ })
    await see(deploy)
    await deploy.click({ force: true })
    expect(page.url()).toContain('/chart/webapp')
  })
})

describe('a hostile chart', () => {
  it('runs no script, loads no picture, and shows what disguises its text', async () => {
    for (const tab of ['readme', 'values', 'templates', 'about', 'install', 'versions']) {
      const page = await open(chart('hostile', `?tab=${tab}`), { width: tab === 'about' ? 390 : 1440 })
      await see(page.getByRole('tab', { selected: true }))
      await page.waitForLoadState('networkidle')
      if (tab === 'readme') {
        await see(page.getByRole('link', { name: 'Build state (picture on pictures.example)' }))
        expect(await page.getByRole('link', { name: 'harmless' }).getAttribute('rel')).toBe('noopener noreferrer')
        for (const name of ['run', 'data', 'click me', 'x']) expect(await page.getByRole('link', { name, exact: true }).count()).toBe(0)
      }
      if (tab === 'values') await see(page.getByText('⟨U+202E⟩gnp.exe'))
      expect(await page.locator('main img, main iframe, main script').count()).toBe(0)
      for (const link of await page.locator('main a[href]').all()) {
        expect(await link.getAttribute('href')).toMatch(/^(?:\/|#|https?:|mailto:)/)
      }
      expect(await page.evaluate((trap) => trap in window, TRAP)).toBe(false)
    }
  })

  it('runs no script from its notes either', async () => {
    await addRelease('tricked', 'charts', 'hostile')
    const page = await open('/k8s/helm/release/default/tricked?tab=notes')
    await see(page.getByText(/window\.trapWasSprung/))
    expect(await page.evaluate((trap) => trap in window, TRAP)).toBe(false)
  })
})
