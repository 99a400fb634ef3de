import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertCircle, IconLock } from '@tabler/icons-react'

import { isForbidden, ProblemError } from '../api/problem'

/** What went wrong, in the server's words, with a way on. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const forbidden = isForbidden(error)
  const problem = error instanceof ProblemError ? error.problem : undefined
  return (
    <Alert
      role="alert"
      color={forbidden ? 'gray' : 'red'}
      icon={forbidden ? <IconLock aria-hidden /> : <IconAlertCircle aria-hidden />}
      title={problem?.title ?? 'Something went wrong'}
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{problem?.detail ?? String(error)}</Text>
        {problem?.hint && <Text size="sm">{problem.hint}</Text>}
        {retry && !forbidden && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  )
}
