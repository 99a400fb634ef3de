import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { choose, gone, open, rowAction, see, seeRow } from './browser'

const allowed = `Basic ${Buffer.from('captain:spyglass-9').toString('base64')}`

const index = `apiVersion: v1
entries:
  ferry:
    - {apiVersion: v2, name: ferry, version: 1.2.0, appVersion: "7", created: "2026-01-01T00:00:00Z", urls: [ferry-1.2.0.tgz]}
    - {apiVersion: v2, name: ferry, version: 1.1.0, appVersion: "6", created: "2026-01-01T00:00:00Z", urls: [ferry-1.1.0.tgz]}
`

let server: Server
let url: string

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.headers.authorization !== allowed) response.writeHead(401, { 'www-authenticate': 'Basic realm="charts"' }).end()
    else if (request.url === '/charts/index.yaml') response.writeHead(200, { 'content-type': 'application/yaml' }).end(index)
    else response.writeHead(404).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/charts`
})

afterAll(() => server.close())

it('an HTTP repository with a password is tested, added with a wrong one, and put right', async () => {
  const page = await open('/k8s/helm/repository?namespace=default')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const add = page.getByRole('dialog', { name: 'Add Helm Repository' })
  await add.getByRole('textbox', { name: 'Name', exact: true }).fill('locked')
  await add.getByRole('textbox', { name: 'Repository URL' }).fill(url)
  await choose(add, 'Credentials', 'User and password')
  await add.getByRole('textbox', { name: 'User', exact: true }).fill('captain')
  await add.getByLabel('Password or access token').fill('wrong-word')
  await add.getByRole('button', { name: 'Test connection' }).click()
  await see(add.getByText(/401|refused|password|credential/i))
  await add.getByRole('button', { name: 'Create' }).click()
  await gone(add)
  await seeRow(page, 'locked', 'Failed', /401/)

  await rowAction(page, 'locked', 'Update')
  const update = page.getByRole('dialog', { name: 'Update locked' })
  await choose(update, 'Credentials', 'User and password')
  await update.getByRole('textbox', { name: 'User', exact: true }).fill('captain')
  await update.getByLabel('Password or access token').fill('spyglass-9')
  await update.getByRole('button', { name: 'Save' }).click()
  await gone(update)
  await see(page.getByText(/^In sync with its index: 1 chart with 2 versions/))

  await page.goto('/k8s/helm/repository/default/locked?tab=charts')
  await see(page.getByRole('link', { name: 'ferry', exact: true }))
  expect(await page.content()).not.toMatch(/spyglass-9|wrong-word/)
})
