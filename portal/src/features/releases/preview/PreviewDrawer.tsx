import { Button, Drawer, Group, Skeleton, Stack, Text } from '@mantine/core'

import type { Schemas } from '../../../api/client'
import { GuardedButton } from '../../../ui/Guarded'
import classes from '../footer.module.css'
import { RenderProblem } from './RenderProblem'
import { Rendered } from './Rendered'

type Props = {
  opened: boolean
  onClose: () => void
  title: string
  fileName: string
  preview?: Schemas['Preview']
  pending: boolean
  error: unknown
  retry: () => void
  /** What can be done next from here. */
  confirm: { label: string; reason?: string; pending: boolean; error: unknown; run: () => void }
}

/** Shows what would be deployed, or why it cannot, before anything is. */
export function PreviewDrawer({ opened, onClose, title, fileName, preview, pending, error, retry, confirm }: Props) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size="min(1000px, 100%)"
      title={title}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack aria-busy={pending}>
        {pending && (
          <>
            <Text size="sm" role="status">
              The chart is being rendered…
            </Text>
            {[0, 1, 2, 3].map((row) => (
              <Skeleton key={row} height={36} />
            ))}
          </>
        )}
        {!pending && error !== null && error !== undefined && <RenderProblem error={error} retry={retry} />}
        {!pending && preview && <Rendered preview={preview} fileName={fileName} />}
        {confirm.error !== null && confirm.error !== undefined && <RenderProblem error={confirm.error} />}
        <Group justify="flex-end" className={classes.footer}>
          <Button variant="outline" onClick={onClose}>
            Back to the form
          </Button>
          {error !== null && error !== undefined && (
            <Button variant="default" onClick={retry} loading={pending}>
              Try again
            </Button>
          )}
          <GuardedButton reason={confirm.reason} loading={confirm.pending} disabled={pending} onClick={confirm.run}>
            {error ? `${confirm.label} nevertheless` : confirm.label}
          </GuardedButton>
        </Group>
      </Stack>
    </Drawer>
  )
}
