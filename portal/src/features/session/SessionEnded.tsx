import { Anchor, getDefaultZIndex, Modal, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'

import type { Schemas } from '../../api/client'
import { me, sessionEnded } from '../../api/session'
import { paths } from '../../lib/paths'
import { TokenForm } from './TokenForm'

/** Signs in again over the page, so that nothing typed in it is lost. */
export function SessionEnded() {
  const ended = sessionEnded.use()
  const queries = useQueryClient()
  const signedIn = (session: Schemas['Session']) => {
    const before = queries.getQueryData(me.queryKey)?.user
    // Another person must not see what the first one read.
    if (before !== undefined && before !== session.user) return window.location.reload()
    queries.setQueryData(me.queryKey, session)
    sessionEnded.set(false)
    return queries.invalidateQueries()
  }
  return (
    <Modal
      opened={ended}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Your session ended"
      // Over panes and dialogs that were opened before.
      zIndex={getDefaultZIndex('max')}
    >
      <Stack>
        <Text size="sm">Sign in again to go on. What you typed on this page is still there.</Text>
        <TokenForm onSignedIn={signedIn} />
        <Text size="sm">
          Or <Anchor href={paths.signIn} inherit underline="always">leave the page</Anchor> and open a new link.
        </Text>
      </Stack>
    </Modal>
  )
}
