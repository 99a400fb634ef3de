import { command } from './shell'
import { toYaml } from './yaml'

export type Installed = {
  repository: { namespace: string; name: string; url: string; kind: 'HelmRepository' | 'OCIRepository'; insecure: boolean }
  chart: string
  version: string
  /** Where the archive is. */
  addresses: readonly string[]
}

export type Way = { title: string; text: string; language: 'shell' | 'yaml' }

/** How a version of a chart is installed: by command, or by an object. */
export function installWays(of: Installed): Way[] {
  const { repository, chart, version } = of
  const name = releaseName(chart)
  const ways: Way[] = [{ title: 'With Helm', text: withHelm(of, name), language: 'shell' }]
  if (repository.kind === 'HelmRepository') {
    const flags: [string, string][] = [['--repo', repository.name], ['--chart', chart], ['--version', version], ['--namespace', repository.namespace]]
    ways.unshift({ title: 'With Pilothouse', text: command('pilothouse release add', [name], flags), language: 'shell' })
  }
  return [...ways, { title: 'With kubectl', text: toYaml(manifest(of, name)), language: 'yaml' }]
}

function withHelm({ repository, chart, version, addresses }: Installed, name: string): string {
  const flags: [string, string?][] = [['--version', version], ['--namespace', repository.namespace]]
  if (!repository.url.startsWith('oci://')) return command('helm install', [name, chart], [['--repo', repository.url], ...flags])
  const [address] = addresses
  const reference = address?.startsWith('oci://') ? withoutTag(address) : repository.url
  return command('helm install', [name, reference], [...flags, ...(repository.insecure ? [['--plain-http'] as [string]] : [])])
}

/** `oci://host:5000/charts/web:1.0.0` without what follows the last path part's colon or `@`. */
function withoutTag(address: string): string {
  const last = address.lastIndexOf('/') + 1
  return address.slice(0, last) + address.slice(last).replace(/[:@].*$/s, '')
}

function manifest({ repository, chart, version }: Installed, name: string): object {
  const sourceRef = { kind: repository.kind, name: repository.name }
  return {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name, namespace: repository.namespace },
    spec: {
      interval: '5m',
      ...(repository.kind === 'OCIRepository' ? { chartRef: sourceRef } : { chart: { spec: { chart, version, sourceRef } } }),
    },
  }
}

/** A name for the release that Kubernetes allows. */
function releaseName(chart: string): string {
  const last = chart.split('/').at(-1) ?? ''
  return /^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$/.test(last) ? last : 'my-release'
}
