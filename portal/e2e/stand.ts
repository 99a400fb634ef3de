import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'

import { writeCharts } from './sampleCharts'

/** What runs while the tests run. */
export type Stand = {
  /** Address of the portal and the API. */
  url: string
  /** The link that `pilothouse up` prints; it signs in once. */
  signIn: string
  /** `host:port` of the registry with the sample charts. */
  registry: string
  adminToken: string
  /** Token of a user who may only read. */
  viewerToken: string
}

declare module 'vitest' {
  interface ProvidedContext {
    stand: Stand
  }
}

const portal = resolve(import.meta.dirname, '..')
const binary = process.env.PILOTHOUSE_BIN ?? join(portal, '../target/debug/pilothouse')
const demoRegistry = process.env.PILOTHOUSE_DEMO_REGISTRY ?? join(portal, '../target/debug/examples/demo-registry')
const START_MS = 90_000

export default async function setup(project: TestProject) {
  for (const file of [binary, demoRegistry, join(portal, 'dist/index.html')]) {
    if (!existsSync(file)) throw new Error(`${file} is missing: build the portal, and cargo build -p pilothouse-cli --bins --examples`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'pilothouse-e2e-'))
  const children: ChildProcess[] = []
  const stop = async () => {
    for (const child of children.reverse()) await ended(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const charts = join(folder, 'charts')
    writeCharts(charts, join(portal, '../demo/charts'))
    const registry = `127.0.0.1:${await freePort()}`
    const port = await freePort()
    const data = join(folder, 'data')
    const [, welcome] = await Promise.all([
      started(children, demoRegistry, ['--listen', registry, '--data-dir', join(folder, 'registry'), '--charts', charts], /^registry: /m),
      started(
        children,
        binary,
        ['up', '--data-dir', data, '--listen', `127.0.0.1:${port}`, '--portal-dir', join(portal, 'dist'), '--log-level', 'warn'],
        /^ {2}stop:/m,
      ),
    ])
    const signIn = /sign in:\s+(\S+)/.exec(welcome)?.[1]
    if (!signIn) throw new Error(`no link to sign in with in:\n${welcome}`)
    project.provide('stand', {
      url: `http://127.0.0.1:${port}`,
      signIn,
      registry,
      adminToken: (JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { token: string }).token,
      viewerToken: readFileSync(join(data, 'viewer-token'), 'utf8').trim(),
    })
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

/** Starts a program and waits for the line that says it is ready; gives what it printed until then. */
function started(children: ChildProcess[], program: string, args: string[], ready: RegExp): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return new Promise((resolve, reject) => {
    let output = ''
    let errors = ''
    const fail = (why: string) => reject(new Error(`${program} ${why}:\n${output}${errors}`))
    const timer = setTimeout(() => fail(`did not start within ${START_MS / 1000} s`), START_MS)
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (ready.test(output)) {
        clearTimeout(timer)
        resolve(output)
      }
    })
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)))
    child.on('exit', (code) => fail(`ended with ${code}`))
    child.on('error', (error) => fail(error.message))
  })
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), 5_000).unref()
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
