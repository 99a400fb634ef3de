import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core'
import { afterAll, afterEach, expect, inject } from 'vitest'

const { url, adminToken, viewerToken } = inject('stand')

let browser: Promise<Browser> | undefined
const contexts: BrowserContext[] = []
const complaints: string[] = []

/** What a page must not complain about for a test to pass: answers of 4xx that the test provokes. */
const EXPECTED = /Failed to load resource: the server responded with a status of (?:400|401|403|404|409|412|422)/

export type Options = {
  as?: 'admin' | 'viewer' | 'nobody'
  theme?: 'light' | 'dark'
  width?: number
  /** Lets a checker be put into the page; everything else keeps the page's Content-Security-Policy. */
  bypassPolicy?: boolean
  /** The test cuts connections, of which the console tells. */
  cuts?: boolean
}

/** A page of a fresh browser context. Errors on its console and requests to other hosts fail the test. */
export async function open(path: string | undefined, options: Options = {}): Promise<Page> {
  const { as = 'admin', theme = 'light', width = 1440, bypassPolicy = false, cuts = false } = options
  browser ??= chromium.launch({
    executablePath: process.env.PILOTHOUSE_CHROMIUM ?? '/usr/bin/chromium',
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
  const context = await (await browser).newContext({
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: theme,
    reducedMotion: 'reduce',
    bypassCSP: bypassPolicy,
    baseURL: url,
  })
  context.setDefaultTimeout(Number(process.env.PILOTHOUSE_E2E_TIMEOUT ?? 30_000))
  contexts.push(context)
  if (as !== 'nobody') await signIn(context, as === 'admin' ? adminToken : viewerToken)
  const page = await context.newPage()
  watch(page, cuts)
  if (path !== undefined) await page.goto(path)
  return page
}

async function signIn(context: BrowserContext, token: string) {
  const answer = await context.request.post('/api/v1/session', { data: { token }, headers: { 'x-pilothouse-request': '1' } })
  expect(answer.status(), await answer.text()).toBe(201)
}

function watch(page: Page, cuts: boolean) {
  page.on('console', (message) => {
    if (cuts && message.text().includes('net::ERR_')) return
    if (message.type() === 'error' && !EXPECTED.test(message.text())) complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('request', (request) => {
    const asked = request.url()
    if (!asked.startsWith(`${url}/`) && !/^(?:data|blob):/.test(asked)) complaints.push(`request to another host: ${asked}`)
  })
}

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close()
  expect(complaints.splice(0)).toEqual([])
})

afterAll(async () => {
  await (await browser)?.close()
  browser = undefined
})

/** Waits until something is to be seen. */
export const see = (locator: Locator, timeout?: number) => locator.first().waitFor({ state: 'visible', timeout })

/** Waits until something is no longer to be seen. */
export const gone = (locator: Locator) => locator.first().waitFor({ state: 'hidden' })

/** Chooses an option of a list box. */
export async function choose(scope: Page | Locator, label: string, option: string | RegExp) {
  const box = scope.getByRole('combobox', { name: label, exact: true })
  await box.click()
  const page = 'page' in scope ? scope.page() : scope
  await page.getByRole('option', { name: option, exact: typeof option === 'string' }).first().click()
}

/** Opens the three-dot menu of a row and picks an action. */
export async function rowAction(page: Page, row: string, action: string) {
  await page.getByRole('button', { name: `Actions for ${row}`, exact: true }).click()
  await page.getByRole('menuitem', { name: action, exact: true }).click()
}

/** Waits for the row of a table that holds all these texts. */
export async function seeRow(page: Page, ...texts: (string | RegExp)[]) {
  await see(texts.reduce<Locator>((rows, text) => rows.filter({ hasText: text }), page.getByRole('row')), 45_000)
}
