import { Skeleton, Stack } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { IconEdit, IconPlayerPause, IconPlayerPlay, IconRefresh, IconTrash } from '@tabler/icons-react'

import { isNotFound } from '../../api/problem'
import { useRights } from '../../api/rights'
import { paths } from '../../lib/paths'
import { useHandled } from '../../lib/useHandled'
import { usePageSearch } from '../../lib/usePageSearch'
import { EventList } from '../../ui/EventList'
import { GuardedButton } from '../../ui/Guarded'
import { PageHead } from '../../ui/PageHead'
import { Problem } from '../../ui/Problem'
import { ActionsMenu } from '../../ui/registry/ActionsMenu'
import { DependentReleases } from '../../ui/registry/DependentReleases'
import { Gone } from '../../ui/registry/Gone'
import { PageTabs, withCount } from '../../ui/registry/PageTabs'
import { Told } from '../../ui/registry/Told'
import { StatusBadge } from '../../ui/StatusBadge'
import { YamlView } from '../../ui/YamlView'
import { DeleteOciRepository } from './DeleteOciRepository'
import { Overview } from './Overview'
import {
  dependents,
  events,
  ociRepository,
  resumeOciRepository,
  suspendOciRepository,
  syncOciRepository,
  yaml,
  type OciRepository,
} from './queries'
import { tell } from './sentence'
import { UpdateOciRepository } from './UpdateOciRepository'

/** One OCI repository: its state, the chart in it, how it is configured, and who uses it. */
export function OciRepositoryPage() {
  const { namespace, name } = useParams({ from: '/signed-in/k8s/helm/oci-repository/$namespace/$name' })
  const one = useQuery(ociRepository(namespace, name))
  const gone = isNotFound(one.error)
  const there = gone ? undefined : one.data
  const { action } = usePageSearch()
  // An open dialog stays: it may hold what somebody typed.
  const shown = gone && !action ? undefined : one.data
  return (
    <Stack>
      <PageHead
        title={name}
        crumbs={[
          { label: 'Kubernetes' },
          { label: 'Helm' },
          { label: 'OCI Repository', to: paths.ociRepositories },
          { label: name },
        ]}
        status={there && <StatusBadge status={there.status} />}
        actions={there && <Actions repository={there} />}
      />
      {gone && !shown && <Gone kind="OCI repository" name={name} namespace={namespace} known={one.data !== undefined} list={paths.ociRepositories} />}
      {one.error && !gone && !one.data && <Problem error={one.error} retry={() => void one.refetch()} />}
      {one.isPending && <Skeleton height={360} />}
      {shown && <Page key={shown.uid} repository={shown} />}
    </Stack>
  )
}

function Page({ repository: one }: { repository: OciRepository }) {
  const { namespace, name } = one
  const { tab, action, openTab, open, close } = usePageSearch()
  const navigate = useNavigate()
  const rights = useRights(namespace)
  const suspension = useSuspension(one)
  const uses = useQuery(dependents(namespace, name))
  const { text, next } = tell(one)
  const change = rights.reason('patch', 'oci-repositories')
  const ways = {
    update: { label: 'Update', run: () => open('update'), reason: change },
    resume: { label: 'Resume', run: () => suspension.mutate(), reason: change },
  }
  return (
    <>
      <Told state={one.status.state} text={text} next={next?.text} action={next?.action && ways[next.action]} />
      <PageTabs
        active={tab}
        onChange={openTab}
        tabs={[
          { value: 'overview', label: 'Overview', content: () => <Overview repository={one} /> },
          {
            value: 'releases',
            label: withCount('Releases', uses.data?.items.length),
            content: () => <DependentReleases data={uses.data} error={uses.error} refetch={() => void uses.refetch()} />,
          },
          { value: 'events', label: 'Events', content: () => <Events namespace={namespace} name={name} /> },
          { value: 'yaml', label: 'YAML', content: () => <Yaml namespace={namespace} name={name} /> },
        ]}
      />
      <UpdateOciRepository opened={action === 'update'} onClose={close} namespace={namespace} name={name} />
      <DeleteOciRepository
        opened={action === 'delete'}
        repository={one}
        onClose={close}
        onDeleted={() => void navigate({ to: paths.ociRepositories, replace: true })}
      />
    </>
  )
}

function Actions({ repository: one }: { repository: OciRepository }) {
  const { open } = usePageSearch()
  const rights = useRights(one.namespace)
  const sync = useSync(one)
  const suspension = useSuspension(one)
  const change = rights.reason('patch', 'oci-repositories')
  return (
    <>
      <GuardedButton
        reason={change ?? (one.suspended ? 'It is suspended. Resume it first.' : undefined)}
        leftSection={<IconRefresh size={16} aria-hidden />}
        loading={sync.running}
        onClick={sync.run}
      >
        Sync now
      </GuardedButton>
      <GuardedButton reason={change} variant="default" leftSection={<IconEdit size={16} aria-hidden />} onClick={() => open('update')}>
        Update
      </GuardedButton>
      <ActionsMenu
        name={one.name}
        actions={[
          {
            label: one.suspended ? 'Resume' : 'Suspend',
            icon: one.suspended ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />,
            reason: change,
            run: () => suspension.mutate(),
          },
          {
            label: 'Delete',
            icon: <IconTrash size={16} aria-hidden />,
            danger: true,
            reason: rights.reason('delete', 'oci-repositories'),
            run: () => open('delete'),
          },
        ]}
      />
    </>
  )
}

function useSync(one: OciRepository): { run: () => void; running: boolean } {
  const queries = useQueryClient()
  const handled = useHandled(one.lastHandledReconcileAt)
  const ask = useMutation({
    mutationFn: () => syncOciRepository(one),
    onSuccess: async ({ requestedAt }) => {
      handled.await(requestedAt)
      await queries.invalidateQueries({ queryKey: ['oci-repositories', 'one'] })
    },
    onError: (error) => notifications.show({ color: 'red.9', title: 'Not synced', message: error.message }),
  })
  return { run: () => ask.mutate(), running: ask.isPending || handled.running }
}

/** Suspends a repository, or resumes it. */
function useSuspension(one: OciRepository) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => (one.suspended ? resumeOciRepository(one) : suspendOciRepository(one)),
    onSuccess: async ({ name, suspended }) => {
      notifications.show({ message: suspended ? `${name} is suspended` : `${name} is checked again` })
      await queries.invalidateQueries({ queryKey: ['oci-repositories'] })
    },
    onError: (error) => notifications.show({ color: 'red.9', title: 'Not done', message: error.message }),
  })
}

function Events({ namespace, name }: { namespace: string; name: string }) {
  const list = useQuery({ ...events(namespace, name), refetchInterval: 15_000 })
  return <EventList events={list.data} error={list.error} retry={() => void list.refetch()} />
}

function Yaml({ namespace, name }: { namespace: string; name: string }) {
  const text = useQuery(yaml(namespace, name))
  if (text.error && !text.data) return <Problem error={text.error} retry={() => void text.refetch()} />
  if (text.data === undefined) return <Skeleton height={320} />
  return <YamlView text={text.data} fileName={`${name}.ocirepository.yaml`} />
}
