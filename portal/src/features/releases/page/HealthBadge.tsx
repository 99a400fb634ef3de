import { Badge } from '@mantine/core'
import { IconCircleCheck, IconCircleX, IconHelp, IconLoader, IconTrash, IconUnlink } from '@tabler/icons-react'

/** The API's words for health, as people say them. */
const looks: Record<string, { label: string; color: string; icon: typeof IconCircleCheck }> = {
  Current: { label: 'Ready', color: 'green.9', icon: IconCircleCheck },
  InProgress: { label: 'Not ready', color: 'blue.9', icon: IconLoader },
  Failed: { label: 'Failed', color: 'red.9', icon: IconCircleX },
  Terminating: { label: 'Terminating', color: 'gray.7', icon: IconTrash },
  NotFound: { label: 'Missing', color: 'red.9', icon: IconUnlink },
  Unknown: { label: 'Unknown', color: 'gray.7', icon: IconHelp },
}

/** The health of an object in a word; the icon tells it without the colour. */
export function HealthBadge({ health }: { health: string }) {
  const look = looks[health] ?? { label: health, color: 'gray.7', icon: IconHelp }
  return (
    <Badge color={look.color} size="sm" mt={3} leftSection={<look.icon size={12} aria-hidden />} style={{ flex: 'none' }}>
      {look.label}
    </Badge>
  )
}

/** A health as the page calls it. */
export function healthName(health: string): string {
  return looks[health]?.label ?? health
}
