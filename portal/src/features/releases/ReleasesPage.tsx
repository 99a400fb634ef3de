import { Anchor, Button, Center, Group, Modal, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { IconPlayerPause, IconPlayerPlay, IconPlus, IconRefresh, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'

import { paths } from '../../lib/paths'
import { exact } from '../../lib/time'
import { useTableView } from '../../lib/useTableView'
import { DataTable, type Action, type Column } from '../../ui/DataTable'
import { Problem } from '../../ui/Problem'
import { StatusBadge } from '../../ui/StatusBadge'
import { HelmTabs } from '../shell/HelmTabs'
import {
  deleteRelease,
  reconcileRelease,
  releases,
  resumeRelease,
  suspendRelease,
  type Release,
} from './queries'

const strategies: Record<string, string> = { ChartVersion: 'Chart Version', Revision: 'Revision' }

const columns: Column<Release>[] = [
  {
    key: 'name',
    title: 'Name',
    sort: 'name',
    render: ({ namespace, name }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to={paths.release} params={{ namespace, name }} {...props} />}>
        {name}
      </Anchor>
    ),
  },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  { key: 'releaseName', title: 'Release Name', sort: 'releaseName', render: ({ releaseName }) => releaseName },
  { key: 'chart', title: 'Chart Name', sort: 'chart', render: ({ chart, deployed }) => chart.name ?? deployed?.chartName ?? '–' },
  {
    key: 'version',
    title: 'Chart Version',
    sort: 'version',
    render: ({ chart, deployed }) => deployed?.chartVersion ?? chart.version ?? '–',
  },
  {
    key: 'strategy',
    title: 'Reconcile Strategy',
    render: ({ chart }) => strategies[chart.reconcileStrategy ?? ''] ?? '–',
  },
  { key: 'ready', title: 'Ready', sort: 'state', render: ({ status }) => <StatusBadge status={status} withReason /> },
  { key: 'app', title: 'App', sort: 'app', render: ({ app }) => app ?? '–' },
  { key: 'since', title: 'Last Transition', sort: 'since', render: ({ status }) => exact(status.since) },
]

/** The releases, with what is wrong with each. */
export function ReleasesPage() {
  const { namespace, view, onView } = useTableView()
  const queries = useQueryClient()
  const list = useQuery(releases(namespace, view))
  const [deleting, setDeleting] = useState<Release>()
  const act = useMutation({
    mutationFn: ({ row, run }: { row: Release; run: (row: Release) => Promise<unknown>; done: string }) => run(row),
    onSuccess: async (_, { row, done }) => {
      notifications.show({ message: `${row.name} ${done}` })
      await queries.invalidateQueries({ queryKey: ['releases'] })
    },
    onError: (error) => notifications.show({ color: 'red', title: 'Not done', message: error.message }),
  })
  const actions: Action<Release>[] = [
    {
      label: 'Reconcile',
      icon: <IconRefresh size={16} aria-hidden />,
      disabled: ({ suspended }) => (suspended ? 'It is suspended' : undefined),
      run: (row) => act.mutate({ row, run: reconcileRelease, done: 'is being reconciled' }),
    },
    {
      label: 'Suspend',
      icon: <IconPlayerPause size={16} aria-hidden />,
      disabled: ({ suspended }) => (suspended ? 'It is suspended already' : undefined),
      run: (row) => act.mutate({ row, run: suspendRelease, done: 'is suspended' }),
    },
    {
      label: 'Resume',
      icon: <IconPlayerPlay size={16} aria-hidden />,
      disabled: ({ suspended }) => (suspended ? undefined : 'It is not suspended'),
      run: (row) => act.mutate({ row, run: resumeRelease, done: 'is reconciled again' }),
    },
    { label: 'Delete', icon: <IconTrash size={16} aria-hidden />, danger: true, run: setDeleting },
  ]
  return (
    <HelmTabs active={paths.releases}>
      <DataTable
        label="Releases"
        columns={columns}
        actions={actions}
        rowKey={({ namespace: of, name }) => `${of}/${name}`}
        rowName={({ name }) => name}
        view={view}
        onView={onView}
        page={list.data}
        error={list.error}
        retry={() => void list.refetch()}
        toolbar={
          <Button
            leftSection={<IconPlus size={16} aria-hidden />}
            renderRoot={(props) => <Link to={paths.addRelease} search={{ namespace }} {...props} />}
          >
            Add
          </Button>
        }
        empty={
          <Center p="xl">
            <Stack align="center" gap="xs">
              <Text>{view.search ? `No release matches “${view.search}”.` : 'No data to display'}</Text>
              {!view.search && (
                <Text size="sm" c="dimmed">
                  Register a repository in the next tab, then add a release of one of its charts.
                </Text>
              )}
            </Stack>
          </Center>
        }
      />
      <DeleteRelease release={deleting} onClose={() => setDeleting(undefined)} />
    </HelmTabs>
  )
}

function DeleteRelease({ release, onClose }: { release?: Release; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: deleteRelease,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['releases'] })
      onClose()
    },
  })
  return (
    <Modal
      opened={release !== undefined}
      onClose={onClose}
      title={`Delete ${release?.name ?? ''}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Text size="sm">
          {release?.suspended
            ? 'It is suspended: what it deployed stays in the cluster.'
            : 'Everything it deployed is uninstalled.'}
        </Text>
        {remove.error && <Problem error={remove.error} />}
        <Group justify="flex-end">
          <Button variant="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => release && remove.mutate(release)}>
            Delete
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
