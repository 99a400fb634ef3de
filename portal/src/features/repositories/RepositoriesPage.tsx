import { Button, Center, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { IconEye, IconPlus, IconRefresh, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'

import { paths } from '../../lib/paths'
import { ago, minutesAndSeconds } from '../../lib/time'
import { useTableView } from '../../lib/useTableView'
import { DataTable, type Action, type Column } from '../../ui/DataTable'
import { StatusBadge } from '../../ui/StatusBadge'
import { HelmTabs } from '../shell/HelmTabs'
import { AddRepository } from './AddRepository'
import { DeleteRepository } from './DeleteRepository'
import { RepositoryLink } from './RepositoryLink'
import { repositories, syncRepository, type Repository } from './queries'

const columns: Column<Repository>[] = [
  {
    key: 'name',
    title: 'Name',
    sort: 'name',
    render: ({ namespace, name }) => <RepositoryLink namespace={namespace} name={name} />,
  },
  { key: 'namespace', title: 'Namespace', sort: 'namespace', render: ({ namespace }) => namespace },
  {
    key: 'type',
    title: 'Type',
    sort: 'type',
    render: ({ type }) => (type === 'oci' ? 'OCI Repository' : 'Helm Repository'),
  },
  { key: 'url', title: 'Repository URL', sort: 'url', render: ({ url }) => <Text size="sm" truncate maw={320} title={url}>{url}</Text> },
  {
    key: 'interval',
    title: 'Interval',
    render: ({ interval, intervalSeconds }) => minutesAndSeconds(intervalSeconds, interval),
  },
  { key: 'status', title: 'Status', sort: 'state', render: ({ status }) => <StatusBadge status={status} withReason /> },
  { key: 'charts', title: 'Charts', render: ({ catalog }) => catalog?.charts ?? '–' },
  { key: 'versions', title: 'Versions', render: ({ catalog }) => catalog?.versions ?? '–' },
  { key: 'releases', title: 'Releases', render: ({ releases }) => releases ?? '–' },
  { key: 'synced', title: 'Synced', render: ({ catalog }) => ago(catalog?.lastCheckedAt) },
]

export function RepositoriesPage() {
  const { namespace, view, onView } = useTableView()
  const list = useQuery(repositories(namespace, view))
  const [adding, add] = useDisclosure()
  const [deleting, setDeleting] = useState<Repository>()
  const navigate = useNavigate()
  const sync = useMutation({
    mutationFn: syncRepository,
    onSuccess: (_, { name }) => notifications.show({ message: `${name} is being synced` }),
    onError: (error) => notifications.show({ color: 'red', title: 'Not synced', message: error.message }),
  })
  const actions: Action<Repository>[] = [
    {
      label: 'View',
      icon: <IconEye size={16} aria-hidden />,
      run: ({ namespace, name }) => void navigate({ to: paths.repository, params: { namespace, name } }),
    },
    { label: 'Sync now', icon: <IconRefresh size={16} aria-hidden />, run: (row) => sync.mutate(row) },
    { label: 'Delete', icon: <IconTrash size={16} aria-hidden />, danger: true, run: setDeleting },
  ]
  const addButton = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add.open}>
      Add
    </Button>
  )
  return (
    <HelmTabs active={paths.repositories}>
      <DataTable
        label="Helm repositories"
        columns={columns}
        actions={actions}
        rowKey={({ namespace, name }) => `${namespace}/${name}`}
        rowName={({ name }) => name}
        view={view}
        onView={onView}
        page={list.data}
        error={list.error}
        retry={() => void list.refetch()}
        toolbar={addButton}
        empty={
          <Center p="xl">
            <Stack align="center" gap="xs">
              <Text>{view.search ? `No repository matches “${view.search}”.` : 'No data to display'}</Text>
              {!view.search && (
                <Text size="sm" c="dimmed">
                  Add a registry or a chart repository to see its charts here.
                </Text>
              )}
            </Stack>
          </Center>
        }
      />
      <AddRepository opened={adding} onClose={add.close} namespace={namespace ?? 'default'} />
      <DeleteRepository repository={deleting} onClose={() => setDeleting(undefined)} />
    </HelmTabs>
  )
}
