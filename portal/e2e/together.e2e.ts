import { beforeAll, describe, expect, inject, it } from 'vitest'

import { addRelease, addRepository, api, becomes } from './api'
import { gone, open, rowAction, see, seeRow } from './browser'

// Several people, or a person and a program, on the same objects at the same time.

const release = '/namespaces/default/releases/ferry'
const repository = '/namespaces/default/repositories/quay'

beforeAll(async () => {
  await addRepository('quay')
  await addRelease('ferry', 'quay', 'webapp', '1.0.0')
})

type Chart = { chart: { sourceName: string } }

it('a renamed repository takes its releases along, and nothing is deployed again', async () => {
  await addRepository('before')
  await addRelease('sailor', 'before', 'queue-worker')
  const page = await open('/k8s/helm/repository/default/before')
  await page.getByRole('button', { name: 'More actions for before' }).click()
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  const dialog = page.getByRole('dialog', { name: 'Rename before' })
  await dialog.getByRole('textbox', { name: 'New name' }).fill('after')
  await dialog.getByRole('button', { name: 'Rename' }).click()
  await see(page.getByRole('heading', { name: 'after', level: 1 }))
  await gone(dialog)
  await becomes('/namespaces/default/repositories/after', 'Ready')
  expect((await api<Chart>('GET', '/namespaces/default/releases/sailor')).chart.sourceName).toBe('after')
  await becomes('/namespaces/default/releases/sailor', 'Ready')
  expect(await api('GET', '/namespaces/default/releases/sailor/history')).toHaveLength(1)
  await page.goto('/k8s/helm/repository/default/before')
  await see(page.getByText(/before/))
})

describe('what a person types survives that somebody else saves', () => {
  it('the same release, and both changes are kept', async () => {
    const page = await open('/k8s/helm/release/default/ferry/edit')
    const values = page.getByRole('textbox', { name: 'Values', exact: true })
    await values.fill('replicaCount: 3')
    await api('PATCH', release, { interval: '7m' })
    await see(page.getByText('Somebody else changed this release meanwhile'))
    expect(await values.textContent()).toContain('replicaCount: 3')
    await page.getByRole('button', { name: 'Take over their changes' }).click()
    expect(await values.textContent()).toContain('replicaCount: 3')
    expect(await page.getByRole('spinbutton', { name: 'Interval (MM:SS)' }).first().inputValue()).toBe('07:00')
    await page.getByRole('button', { name: 'Update', exact: true }).click()
    const review = page.getByRole('dialog', { name: 'What changes in ferry' })
    await see(review.getByText(/Deployment/))
    await review.getByRole('button', { name: 'Update', exact: true }).click()
    await page.waitForURL(/default\/ferry(\?|$)/)
    expect(await api('GET', release)).toMatchObject({ intervalSeconds: 420 })
    await expect
      .poll(() => api('GET', '/namespaces/default/services/Deployment/ferry-webapp'), { timeout: 45_000 })
      .toMatchObject({ replicas: 3 })
  })

  it('the same repository, which is refused first and then taken over', async () => {
    const page = await open('/k8s/helm/repository?namespace=default')
    await rowAction(page, 'quay', 'Update')
    const pane = page.getByRole('dialog', { name: 'Update quay' })
    const interval = pane.getByRole('spinbutton', { name: 'Interval (MM:SS)' })
    await interval.fill('02:00')
    await api('PATCH', repository, { timeout: '30s' })
    expect(await interval.inputValue()).toBe('02:00')
    await pane.getByRole('button', { name: 'Save', exact: true }).click()
    await see(pane.getByRole('alert').filter({ hasText: 'Changed in the meantime' }))
    await pane.getByRole('button', { name: 'Load the changes and keep my input' }).click()
    expect(await interval.inputValue()).toBe('02:00')
    await pane.getByRole('button', { name: 'Save', exact: true }).click()
    await gone(pane)
    expect(await api('GET', repository)).toMatchObject({ intervalSeconds: 120, timeout: '30s' })
  })

  it('and that a session ends: it goes on where it was', async () => {
    const page = await open('/k8s/helm/repository?namespace=default')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    const pane = page.getByRole('dialog', { name: 'Add Helm Repository' })
    await pane.getByRole('textbox', { name: 'Name', exact: true }).fill('half-typed')
    await pane.getByRole('textbox', { name: 'Repository URL' }).fill('http://127.0.0.1:9/charts')
    await page.context().clearCookies()
    await pane.getByRole('button', { name: 'Create' }).click()
    const again = page.getByRole('dialog', { name: 'Your session ended' })
    await again.getByRole('textbox', { name: 'Token' }).fill(inject('stand').adminToken)
    await again.getByRole('button', { name: /^Sign in/ }).click()
    await gone(again)
    expect(await pane.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('half-typed')
  })
})

it('two quick clicks create one repository', async () => {
  const page = await open('/k8s/helm/repository?namespace=default')
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/repositories')) sent.push(request.url())
  })
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const pane = page.getByRole('dialog', { name: 'Add Helm Repository' })
  await pane.getByRole('textbox', { name: 'Name', exact: true }).fill('only-once')
  await pane.getByRole('textbox', { name: 'Repository URL' }).fill('http://127.0.0.1:9/charts')
  await pane.getByRole('button', { name: 'Create' }).dblclick()
  await gone(pane)
  await seeRow(page, 'only-once')
  expect(sent).toHaveLength(1)
})

it('a step back from a pane asks before what was typed is lost', async () => {
  const page = await open('/k8s/helm/repository?namespace=default')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const pane = page.getByRole('dialog', { name: 'Add Helm Repository' })
  await pane.getByRole('textbox', { name: 'Name', exact: true }).fill('kept-back')
  await page.evaluate(() => history.back())
  const question = page.getByRole('dialog', { name: 'Discard what you typed?' })
  await question.getByRole('button', { name: 'Keep editing' }).click()
  await gone(question)
  expect(await pane.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('kept-back')
  await page.evaluate(() => history.back())
  await question.getByRole('button', { name: 'Discard' }).click()
  await gone(pane)
})
