import { Alert } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { IconClockExclamation } from '@tabler/icons-react'

import { me } from '../../api/session'
import { useNow } from '../../lib/useNow'
import { Ago } from '../../ui/Ago'

/** How long before its end a session is talked about. */
const NOTICE_MS = 10 * 60_000

/** Says that the session is about to end. */
export function SessionBanner() {
  const ends = useQuery(me).data?.sessionEndsAt
  const now = useNow()
  if (!ends || Date.parse(ends) - now > NOTICE_MS) return null
  return (
    <Alert role="status" color="orange" mb="md" p="xs" icon={<IconClockExclamation aria-hidden />}>
      Your session ends <Ago time={ends} />. You can sign in again then without leaving the page.
    </Alert>
  )
}
