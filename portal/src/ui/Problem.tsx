import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertCircle, IconLock, IconPlugConnectedX } from '@tabler/icons-react'

import { isForbidden, ProblemError } from '../api/problem'

/** The server's words may stand in the middle of a sentence elsewhere. */
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** What went wrong, in the server's words, with a way on. */
export function Problem({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const forbidden = isForbidden(error)
  const problem = error instanceof ProblemError ? error.problem : undefined
  const Icon = forbidden ? IconLock : problem?.status === 0 ? IconPlugConnectedX : IconAlertCircle
  const unshown = problem?.errors?.filter(({ message }) => message !== problem.detail) ?? []
  return (
    <Alert
      role="alert"
      color={forbidden ? 'gray' : 'red'}
      icon={<Icon aria-hidden />}
      title={title ?? (forbidden ? 'You may not see or do this' : (problem?.title ?? 'Something went wrong'))}
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {sentence(problem?.detail ?? (error instanceof Error ? error.message : String(error)))}
        </Text>
        {unshown.map(({ field, message }) => (
          <Text key={field} size="sm" style={{ overflowWrap: 'anywhere' }}>
            <b>{field}</b>: {message}
          </Text>
        ))}
        {problem?.hint && <Text size="sm">{problem.hint}</Text>}
        {forbidden && (
          <Text size="sm">{problem?.hint ? 'Or choose' : 'Choose'} another namespace in the bar above, or sign in as somebody else.</Text>
        )}
        {retry && !forbidden && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  )
}
