import { beforeAll, describe, expect, inject, it } from 'vitest'

import { addRepository, api, becomes } from './api'
import { choose, gone, open, rowAction, see, seeRow } from './browser'

const { registry } = inject('stand')

beforeAll(() => addRepository('kept'))

describe('a Helm repository', () => {
  it('is added with the keyboard alone', async () => {
    const page = await open('/k8s/helm/repository?namespace=default')
    await see(page.getByRole('table'))
    await page.getByRole('button', { name: 'Add', exact: true }).focus()
    await page.keyboard.press('Enter')
    const pane = page.getByRole('dialog', { name: 'Add Helm Repository' })
    await see(pane)
    await pane.getByRole('textbox', { name: 'Name', exact: true }).focus()
    await page.keyboard.type('by-keyboard')
    await pane.getByRole('textbox', { name: 'Repository URL' }).focus()
    await page.keyboard.type('http://127.0.0.1:9/charts')
    await pane.getByRole('button', { name: 'Create' }).focus()
    await page.keyboard.press('Enter')
    await gone(pane)
    await seeRow(page, 'by-keyboard', 'Failed', /refused|127\.0\.0\.1:9/)
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).not.toBe('BODY')
  })

  it('is refused at the field that is wrong', async () => {
    const page = await open('/k8s/helm/repository?namespace=default')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    const pane = page.getByRole('dialog', { name: 'Add Helm Repository' })
    await pane.getByRole('textbox', { name: 'Name', exact: true }).fill('Not A Name')
    await pane.getByRole('textbox', { name: 'Repository URL' }).fill('nowhere')
    await pane.getByRole('button', { name: 'Create' }).click()
    await expect.poll(() => pane.getByRole('textbox', { name: 'Name', exact: true }).getAttribute('aria-invalid')).toBe('true')
    await pane.getByRole('button', { name: 'Cancel' }).click()
  })

  it('that does not answer is found out by the test of its connection', async () => {
    const page = await open('/k8s/helm/repository?namespace=default')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    const pane = page.getByRole('dialog', { name: 'Add Helm Repository' })
    await pane.getByRole('textbox', { name: 'Repository URL' }).fill('http://127.0.0.1:9/charts')
    await pane.getByRole('button', { name: 'Test connection' }).click()
    await see(pane.getByText(/refused|cannot be reached|not answer/i))
  })

  it('never shows its stored credential', async () => {
    await api('POST', '/namespaces/default/repositories', {
      name: 'old-name',
      type: 'oci',
      url: `oci://${registry}/charts`,
      insecure: true,
      credentials: { kind: 'basic', username: 'captain', password: 'fair-winds-7' },
    })
    const page = await open('/k8s/helm/repository/default/old-name')
    await see(page.getByRole('heading', { name: 'old-name', level: 1 }))
    await page.goto('/k8s/helm/repository?namespace=default')
    await rowAction(page, 'old-name', 'Update')
    await see(page.getByRole('dialog'))
    expect(await page.content()).not.toContain('fair-winds-7')
    await page.keyboard.press('Escape')
  })

  it('takes a pasted pull secret, and says afterwards only that there is one', async () => {
    const auth = Buffer.from('captain:spyglass-9').toString('base64')
    const page = await open('/k8s/helm/repository?namespace=default')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    const add = page.getByRole('dialog', { name: 'Add Helm Repository' })
    await add.getByRole('textbox', { name: 'Name', exact: true }).fill('sealed')
    await choose(add, 'Repository Type', 'OCI Repository')
    await add.getByRole('textbox', { name: 'Repository URL' }).fill('oci://127.0.0.1:9/charts')
    await choose(add, 'Credentials', 'Pull secret, pasted')
    await add.getByRole('textbox', { name: 'Docker config' }).fill(JSON.stringify({ auths: { '127.0.0.1:9': { auth } } }))
    await add.getByRole('button', { name: 'Create' }).click()
    await gone(add)
    await seeRow(page, 'sealed')
    await rowAction(page, 'sealed', 'Update')
    const update = page.getByRole('dialog', { name: 'Update sealed' })
    await expect.poll(() => update.getByRole('combobox', { name: 'Credentials' }).inputValue()).toMatch(/^Stored: .+ in the Secret /)
    for (const tab of ['', '?tab=yaml']) {
      const secret = new RegExp(`${auth}|spyglass`)
      expect(await page.content()).not.toMatch(secret)
      await page.goto(`/k8s/helm/repository/default/sealed${tab}`)
      await see(page.getByRole('tab', { selected: true }))
      expect(await page.content()).not.toMatch(secret)
    }
  })

  it('shows its YAML, its events and its releases', async () => {
    const page = await open('/k8s/helm/repository/default/kept')
    await page.getByRole('tab', { name: 'YAML' }).click()
    await see(page.getByText(/kind: HelmRepository/))
    await page.getByRole('tab', { name: 'Events' }).click()
    await see(page.getByRole('tabpanel'))
    await page.getByRole('tab', { name: /^Releases/ }).click()
    await see(page.getByRole('tabpanel'))
  })

  it('is not added, changed or deleted by those who may only read', async () => {
    const page = await open('/k8s/helm/repository?namespace=default', { as: 'viewer' })
    await seeRow(page, 'kept', 'Ready')
    await see(page.getByRole('button', { name: /^Add – You may not add Helm repositories/ }))
    await page.getByRole('button', { name: 'Actions for kept' }).click()
    const remove = page.getByRole('menuitem', { name: /^Delete/ })
    await see(remove)
    expect(await remove.evaluate((item) => item.matches('[data-disabled], [aria-disabled=true], :disabled'))).toBe(true)
  })
})

describe('an OCI repository', () => {
  it('is added, pulled, and shows its chart', async () => {
    const page = await open('/k8s/helm/oci-repository?namespace=default')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    const pane = page.getByRole('dialog', { name: 'Add OCI Repository' })
    await pane.getByRole('textbox', { name: 'Name', exact: true }).fill('one-chart')
    await pane.getByRole('textbox', { name: 'Repository URL' }).fill(`oci://${registry}/charts/webapp`)
    await pane.getByRole('textbox', { name: 'Tag', exact: true }).fill('1.1.0')
    await pane.getByRole('button', { name: 'Advanced' }).click()
    await pane.getByRole('switch', { name: 'Plain HTTP (insecure)' }).click()
    await page.getByRole('dialog', { name: 'Allow plain HTTP?' }).getByRole('button', { name: 'Allow plain HTTP' }).click()
    await pane.getByRole('button', { name: 'Create' }).click()
    await gone(pane)
    await becomes('/namespaces/default/oci-repositories/one-chart', 'Ready')
    await seeRow(page, 'one-chart', 'Ready', '1.1.0')
    await page.goto('/k8s/helm/oci-repository/default/one-chart/chart?tab=templates')
    await see(page.getByRole('heading', { name: 'webapp', level: 1 }))
    await page.getByRole('button', { name: 'deployment.yaml' }).click()
    await see(page.getByText('kind: Deployment'))
    await page.goto('/k8s/helm/oci-repository?namespace=default')
    await rowAction(page, 'one-chart', 'Delete')
    const dialog = page.getByRole('dialog', { name: 'Delete one-chart' })
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
    await gone(dialog)
    await gone(page.getByRole('row').filter({ hasText: 'one-chart' }))
  })

  it('with a tag that is not there says so', async () => {
    await api('POST', '/namespaces/default/oci-repositories', {
      name: 'no-tag',
      url: `oci://${registry}/charts/webapp`,
      insecure: true,
      reference: { tag: '9.9.9' },
    })
    const page = await open('/k8s/helm/oci-repository?namespace=default')
    await seeRow(page, 'no-tag', 'Failed')
    await page.goto('/k8s/helm/oci-repository/default/no-tag/chart')
    await see(page.getByRole('alert'))
  })
})

it('a repository of another kind is chosen in the form', async () => {
  const page = await open('/k8s/helm/repository?namespace=default')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const pane = page.getByRole('dialog', { name: 'Add Helm Repository' })
  await choose(pane, 'Repository Type', 'OCI Repository')
  await choose(pane, 'Credentials', /password/i)
  await see(pane.getByRole('textbox', { name: 'User', exact: false }))
})
