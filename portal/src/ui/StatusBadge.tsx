import { Badge, Stack, Text, Tooltip } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconLoader,
  IconPlayerPause,
  IconPlayerStop,
  IconTrash,
} from '@tabler/icons-react'

type Status = { state: string; reason?: string | null; message?: string | null }

const looks: Record<string, { color: string; icon: typeof IconCircleCheck }> = {
  Ready: { color: 'green.9', icon: IconCircleCheck },
  Running: { color: 'green.9', icon: IconCircleCheck },
  Failed: { color: 'red.9', icon: IconCircleX },
  Stalled: { color: 'red.9', icon: IconAlertTriangle },
  Progressing: { color: 'blue.9', icon: IconLoader },
  Pending: { color: 'gray.7', icon: IconCircleDashed },
  Suspended: { color: 'gray.7', icon: IconPlayerPause },
  Stopped: { color: 'gray.7', icon: IconPlayerStop },
  Deleting: { color: 'gray.7', icon: IconTrash },
}

/** States that explain themselves. */
const QUIET = new Set(['Ready', 'Running', 'Suspended', 'Stopped'])

/** A state in one word; the icon tells it without the colour. `withReason` adds why, where something is to be said. */
export function StatusBadge({ status, withReason = false }: { status: Status; withReason?: boolean }) {
  const { state, reason, message } = status
  const look = looks[state] ?? { color: 'gray.7', icon: IconCircleDashed }
  const Icon = look.icon
  const explained = withReason && !QUIET.has(state)
  const badge = (
    <Badge color={look.color} variant="filled" leftSection={<Icon size={12} aria-hidden />} style={{ flexShrink: 0 }}>
      {state}
    </Badge>
  )
  if (!explained) {
    return message ? (
      <Tooltip label={message} multiline maw={480}>
        {badge}
      </Tooltip>
    ) : (
      badge
    )
  }
  return (
    <Stack gap={2} align="flex-start">
      {badge}
      {(reason || message) && (
        <Text size="xs" c="dimmed" lineClamp={3} maw={320} title={message ?? undefined} style={{ overflowWrap: 'anywhere' }}>
          {reason && reason !== state && <b>{reason}: </b>}
          {message}
        </Text>
      )}
    </Stack>
  )
}
