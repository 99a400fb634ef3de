import { Alert, Button, Group, Modal, Select, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { IconPlayerPause } from '@tabler/icons-react'
import { useState } from 'react'

import { Problem } from '../../../ui/Problem'
import classes from '../footer.module.css'
import { history, rollbackRelease, type ReleaseDetail } from '../queries'
import { RevisionDiff } from './RevisionDiff'

type Props = {
  release: ReleaseDetail
  opened: boolean
  /** The revision to go back to, where one was chosen. */
  revision?: number
  onClose: () => void
}

/** Shows what a rollback changes, and that it suspends the release, before it is done. */
export function RollbackDialog({ release, opened, revision, onClose }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="min(900px, 100%)"
      title={`Roll back ${release.name}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Question release={release} revision={revision} onClose={onClose} />
    </Modal>
  )
}

function Question({ release, revision, onClose }: Omit<Props, 'opened'>) {
  const { namespace, name } = release
  const queries = useQueryClient()
  const revisions = useQuery(history(namespace, name))
  const current = revisions.data?.[0]?.revision
  const earlier = (revisions.data ?? []).filter((one) => one.revision !== current)
  const [chosen, setChosen] = useState<number | undefined>(revision)
  const target = chosen ?? earlier.find(({ status }) => status === 'superseded')?.revision ?? earlier[0]?.revision
  const run = useMutation({
    mutationFn: (to: number) => rollbackRelease(release, to),
    onSuccess: (operation) => {
      void queries.invalidateQueries({ queryKey: ['releases'] })
      if (operation.result === 'failed') return
      notifications.show({ message: operation.result === 'running' ? `The rollback of ${name} goes on` : operation.message })
      onClose()
    },
  })
  const failed = run.data?.result === 'failed' ? run.data.message : undefined
  return (
    <Stack>
      <Alert color="orange" icon={<IconPlayerPause aria-hidden />} title="It will be suspended">
        What the release asks for stays the newer version, which its next reconcile would deploy again. So a rollback suspends it. To go
        on from there: update it to what you want and resume it.
      </Alert>
      {revisions.error && <Problem error={revisions.error} retry={() => void revisions.refetch()} />}
      {revisions.data && earlier.length === 0 && <Text size="sm">There is no earlier revision.</Text>}
      {earlier.length > 0 && (
        <Select
          label="Back to revision"
          allowDeselect={false}
          data={earlier.map(({ revision: number, chartName, chartVersion, status }) => ({
            value: String(number),
            label: `${number}: ${chartName} ${chartVersion}, ${status}`,
          }))}
          value={target === undefined ? null : String(target)}
          onChange={(value) => setChosen(Number(value))}
        />
      )}
      {current !== undefined && target !== undefined && <RevisionDiff namespace={namespace} name={name} from={current} to={target} />}
      {run.error && <Problem error={run.error} />}
      {failed && (
        <Alert role="alert" color="red" title="The rollback failed">
          <Text size="sm" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
            {failed}
          </Text>
        </Alert>
      )}
      <Group justify="flex-end" gap="xs" className={classes.footer}>
        <Button variant="outline" onClick={onClose}>
          Cancel
        </Button>
        <Button disabled={target === undefined} loading={run.isPending} onClick={() => target !== undefined && run.mutate(target)}>
          {target === undefined ? 'Roll back' : `Roll back to ${target}`}
        </Button>
      </Group>
    </Stack>
  )
}
