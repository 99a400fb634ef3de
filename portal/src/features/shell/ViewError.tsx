import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { IconAlertCircle } from '@tabler/icons-react'
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { useEffect, useState } from 'react'

import { useConnection } from '../../api/live'
import { ProblemError } from '../../api/problem'
import { MissingPart } from '../../lib/lazyPage'
import { PageHead } from '../../ui/PageHead'
import { Problem } from '../../ui/Problem'

/** A view that cannot be shown; everything around it goes on. */
export function ViewError({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = () => {
    reset()
    void router.invalidate()
  }
  const { state } = useConnection()
  const unreachable = error instanceof MissingPart || (error instanceof ProblemError && error.status === 0)
  const [failedWhile] = useState(state)
  useEffect(() => {
    // The server is back: what failed for its absence is tried again.
    if (unreachable && failedWhile === 'lost' && state === 'live') {
      reset()
      void router.invalidate()
    }
  }, [unreachable, failedWhile, state, reset, router])
  if (error instanceof ProblemError) return <Problem error={error} retry={retry} />
  const missing = error instanceof MissingPart
  return (
    <Stack>
      <PageHead title="This page cannot be shown" crumbs={[{ label: 'Kubernetes' }, { label: 'Error' }]} />
      <Alert
        role="alert"
        color="red"
        icon={<IconAlertCircle aria-hidden />}
        title={missing ? 'A part of the portal could not be loaded' : 'The portal made a mistake'}
      >
        <Stack gap="xs" align="flex-start">
          <Text size="sm">
            {missing
              ? 'Either the server does not answer, or another version of Pilothouse was installed since this page was opened.'
              : error instanceof Error ? error.message : String(error)}
          </Text>
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={() => window.location.reload()}>
              Load the page again
            </Button>
            <Button size="xs" variant="default" onClick={retry}>
              Try again
            </Button>
          </Group>
        </Stack>
      </Alert>
    </Stack>
  )
}
