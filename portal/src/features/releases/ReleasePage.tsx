import { Button, ScrollArea, Skeleton, Stack, Tabs, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { IconTrash } from '@tabler/icons-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'

import { ProblemError } from '../../api/problem'
import { paths } from '../../lib/paths'
import { EmptyState } from '../../ui/EmptyState'
import { PageHead } from '../../ui/PageHead'
import { Problem } from '../../ui/Problem'
import { StatusBadge } from '../../ui/StatusBadge'
import { DeleteRelease } from './DeleteRelease'
import { History } from './page/History'
import { Overview } from './page/Overview'
import { ReleaseActions } from './page/ReleaseActions'
import { ResourceTree } from './page/ResourceTree'
import { RollbackDialog } from './page/RollbackDialog'
import { StatusPanel } from './page/StatusPanel'
import { Tests, useTestRun } from './page/Tests'
import { EventsView, ManifestView, NotesView, ObjectView, ValuesView } from './page/Texts'
import { release, type ReleaseDetail } from './queries'
import { TABS, type ReleaseView, type Tab } from './search'

const AT = '/signed-in/k8s/helm/release/$namespace/$name'

const labels: Record<Tab, string> = {
  overview: 'Overview',
  resources: 'Resources',
  history: 'History',
  values: 'Values',
  tests: 'Tests',
  notes: 'Notes',
  manifest: 'Manifest',
  yaml: 'YAML',
  events: 'Events',
}

/** Tabs that have nothing to show before the first deployment. */
const OF_WHAT_IS_DEPLOYED: Tab[] = ['resources', 'values', 'tests', 'notes', 'manifest']

/** One release: its state in a sentence, what it deployed, how it came to that, and what can be done with it. */
export function ReleasePage() {
  const { namespace, name } = useParams({ from: AT })
  const { namespace: followed } = useSearch({ from: AT })
  const one = useQuery({
    ...release(namespace, name),
    // The stream may follow another namespace only.
    refetchInterval: followed !== undefined && followed !== namespace ? 10_000 : false,
  })
  const gone = one.error instanceof ProblemError && one.error.status === 404
  if (one.data && !gone) return <Opened key={`${namespace}/${name}`} release={one.data} stale={one.error} />
  return (
    <Stack>
      <PageHead title={name} crumbs={crumbs(name)} />
      {gone && (
        <EmptyState
          icon={<IconTrash aria-hidden />}
          title={one.data ? `${name} was deleted` : `There is no release ${name} in ${namespace}`}
          action={<Button renderRoot={(props) => <Link to={paths.releases} {...props} />}>Go to the releases</Button>}
        >
          {one.data ? 'What it deployed was uninstalled, unless it was suspended.' : 'It was deleted, or its name is another one.'}
        </EmptyState>
      )}
      {one.error && !gone && <Problem error={one.error} retry={() => void one.refetch()} />}
      {one.isPending && (
        <Stack role="status" aria-busy="true" aria-label="The release is loading">
          <Skeleton height={96} />
          <Skeleton height={36} />
          <Skeleton height={320} />
        </Stack>
      )}
    </Stack>
  )
}

const crumbs = (name: string) => [{ label: 'Kubernetes' }, { label: 'Helm' }, { label: 'Release', to: paths.releases }, { label: name }]

/** The dialog that is open. */
type Asking = { what: 'delete' } | { what: 'rollback'; revision?: number } | undefined

function Opened({ release: one, stale }: { release: ReleaseDetail; stale: Error | null }) {
  const { namespace, name } = one
  const search = useSearch({ from: AT })
  const navigate = useNavigate()
  const [asking, setAsking] = useState<Asking>()
  const run = useTestRun(one)
  const view = (next: ReleaseView) =>
    void navigate({ to: '.', search: (before) => ({ ...before, ...next }), replace: true })
  const onTab = (tab: Tab) => view({ tab: tab === 'overview' ? undefined : tab })
  const panels: Record<Tab, ReactNode> = {
    overview: <Overview release={one} />,
    resources: (
      <ResourceTree
        namespace={namespace}
        name={name}
        onlyUnhealthy={search.unhealthy === true}
        onOnlyUnhealthy={(only) => view({ unhealthy: only ? true : undefined })}
      />
    ),
    history: (
      <History
        release={one}
        from={search.from}
        to={search.to}
        onCompare={(from, to) => view({ from, to })}
        onRollBack={(revision) => setAsking({ what: 'rollback', revision })}
      />
    ),
    values: <ValuesView namespace={namespace} name={name} />,
    tests: <Tests release={one} run={run} />,
    notes: <NotesView namespace={namespace} name={name} />,
    manifest: <ManifestView namespace={namespace} name={name} />,
    yaml: <ObjectView namespace={namespace} name={name} />,
    events: <EventsView namespace={namespace} name={name} />,
  }
  const tab = search.tab ?? 'overview'
  // On a narrow page the tabs scroll; the one that is shown must be seen.
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    bar.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [tab])
  return (
    <Stack>
      <PageHead
        title={name}
        crumbs={crumbs(name)}
        status={<StatusBadge status={{ state: one.status.state }} />}
        actions={
          <ReleaseActions
            release={one}
            onTest={() => {
              onTab('tests')
              run.mutate()
            }}
            onRollBack={() => setAsking({ what: 'rollback' })}
            onDelete={() => setAsking({ what: 'delete' })}
          />
        }
      />
      {stale && <Problem error={stale} />}
      <StatusPanel release={one} onTab={onTab} />
      <Tabs value={tab} onChange={(value) => onTab(TABS.find((known) => known === value) ?? 'overview')} keepMounted={false}>
        <ScrollArea type="never" scrollbars="x">
          <Tabs.List ref={bar} style={{ flexWrap: 'nowrap', minWidth: 'max-content' }}>
            {TABS.map((value) => (
              <Tabs.Tab key={value} value={value}>
                {labels[value]}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </ScrollArea>
        <Tabs.Panel value={tab} pt="md">
          {one.deployed || !OF_WHAT_IS_DEPLOYED.includes(tab) ? panels[tab] : <Text size="sm">Nothing is deployed yet.</Text>}
        </Tabs.Panel>
      </Tabs>
      <RollbackDialog
        release={one}
        opened={asking?.what === 'rollback'}
        revision={asking?.what === 'rollback' ? asking.revision : undefined}
        onClose={() => setAsking(undefined)}
      />
      <DeleteRelease release={asking?.what === 'delete' ? one : undefined} onClose={() => setAsking(undefined)} />
    </Stack>
  )
}
