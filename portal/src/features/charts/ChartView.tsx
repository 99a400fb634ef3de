import { Grid, Skeleton, Stack, Tabs } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { lazy, Suspense, type ReactNode } from 'react'

import { Markdown } from '../../ui/Markdown'
import { AboutChart } from './AboutChart'
import { ChartFiles } from './ChartFiles'
import { Dependencies } from './Dependencies'
import { Nothing } from './Nothing'
import type { ChartDetail, Origin, Version } from './queries'
import { ReleasesOfChart } from './ReleasesOfChart'
import { Versions } from './Versions'

// These read YAML, which the other tabs do without.
const Install = lazy(() => import('./Install').then((module) => ({ default: module.Install })))
const Values = lazy(() => import('./Values').then((module) => ({ default: module.Values })))

type Props = {
  origin: Origin
  detail: ChartDetail
  versions?: Version[]
  tab: string | undefined
  onTab: (tab: string) => void
}

type Tab = { value: string; label: string; count?: number; show: () => ReactNode }

/** Everything about one version of a chart. */
export function ChartView({ origin, detail, versions, tab, onTab }: Props) {
  const wide = useMediaQuery('(min-width: 75em)', true, { getInitialValueInEffect: false })
  const tabs = tabsOf({ origin, detail, versions })
  const all: Tab[] = wide ? tabs : [...tabs, { value: 'about', label: 'About', show: () => <AboutChart origin={origin} detail={detail} /> }]
  const shown = all.find(({ value }) => value === tab) ?? all[0]!
  return (
    <Grid gap="xl">
      <Grid.Col span={{ base: 12, lg: 9 }}>
        <Tabs value={shown.value} onChange={(next) => next && onTab(next)} keepMounted={false}>
          <Tabs.List>
            {all.map(({ value, label, count }) => (
              <Tabs.Tab key={value} value={value}>
                {count === undefined ? label : `${label} (${count})`}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value={shown.value} pt="md" miw={0}>
            <Suspense fallback={<Loading />}>{shown.show()}</Suspense>
          </Tabs.Panel>
        </Tabs>
      </Grid.Col>
      {wide && (
        <Grid.Col span={3}>
          <AboutChart origin={origin} detail={detail} />
        </Grid.Col>
      )}
    </Grid>
  )
}

function tabsOf({ origin, detail, versions }: Pick<Props, 'origin' | 'detail' | 'versions'>): Tab[] {
  const files = (kind: 'templates' | 'crds') => (
    <ChartFiles key={`${kind} ${detail.version}`} origin={origin} version={detail} kind={kind} paths={detail[kind]} />
  )
  const tabs: (Tab | false)[] = [
    { value: 'readme', label: 'README', show: () => <Readme text={detail.readme} /> },
    {
      value: 'values',
      label: 'Values',
      show: () => <Values chart={detail} />,
    },
    { value: 'templates', label: 'Templates', count: detail.templates.length, show: () => files('templates') },
    detail.crds.length > 0 && { value: 'crds', label: 'CRDs', count: detail.crds.length, show: () => files('crds') },
    {
      value: 'dependencies',
      label: 'Dependencies',
      count: detail.dependencies.length,
      show: () => <Dependencies dependencies={detail.dependencies} />,
    },
    versions !== undefined && {
      value: 'versions',
      label: 'Versions',
      count: versions.length,
      show: () => <Versions origin={origin} versions={versions} current={detail.version} />,
    },
    { value: 'releases', label: 'Releases', show: () => <ReleasesOfChart origin={origin} /> },
    { value: 'install', label: 'Install', show: () => <Install origin={origin} detail={detail} /> },
  ]
  return tabs.filter((one) => one !== false)
}

function Readme({ text }: { text: string | null | undefined }) {
  return text?.trim() ? <Markdown text={text} /> : <Nothing>This chart has no README.</Nothing>
}

/** Holds the place of a chart that is being opened. */
export function Loading() {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      <Skeleton height={36} />
      <Skeleton height={18} width="60%" />
      <Skeleton height={18} />
      <Skeleton height={18} width="85%" />
      <Skeleton height={160} />
    </Stack>
  )
}
