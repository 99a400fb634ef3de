import { beforeAll, expect, it } from 'vitest'

import { addRepository } from './api'
import { accessible } from './axe'
import { open, see } from './browser'

const label = 'a'.repeat(63)
const longest = `${label}.${label}.${label}.${'b'.repeat(61)}`

/** Views of a repository with the longest name there can be, with the text that is there once they are shown. */
const views: [path: string, shown: string][] = [
  ['/k8s/helm/repository?namespace=default', longest],
  [`/k8s/helm/repository/default/${longest}`, longest],
  [`/k8s/helm/repository/default/${longest}?tab=charts`, 'webapp'],
  [`/k8s/helm/repository/default/${longest}?tab=yaml`, 'HelmRepository'],
]

beforeAll(() => addRepository(longest))

it.each(['light', 'dark'] as const)('a repository of the longest name fits 390 pixels, and everybody can use it, in the %s theme', async (theme) => {
  const page = await open(undefined, { theme, width: 390, bypassPolicy: true })
  const fits = async (path: string) => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), path).toBeLessThanOrEqual(0)
    await accessible(page, path)
  }
  for (const [path, shown] of views) {
    await page.goto(path)
    await see(page.getByRole('main').getByText(shown).filter({ visible: true }).first())
    await fits(path)
  }
}, 120_000)
