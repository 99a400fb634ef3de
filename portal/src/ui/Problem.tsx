import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertCircle, IconLock, IconPlugConnectedX } from '@tabler/icons-react'

import { isForbidden, ProblemError } from '../api/problem'

/** What went wrong, in the server's words, with a way on. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const forbidden = isForbidden(error)
  const problem = error instanceof ProblemError ? error.problem : undefined
  const Icon = forbidden ? IconLock : problem?.status === 0 ? IconPlugConnectedX : IconAlertCircle
  const unshown = problem?.errors?.filter(({ message }) => message !== problem.detail) ?? []
  return (
    <Alert
      role="alert"
      color={forbidden ? 'gray' : 'red'}
      icon={<Icon aria-hidden />}
      title={forbidden ? 'You may not see or do this' : (problem?.title ?? 'Something went wrong')}
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {problem?.detail ?? (error instanceof Error ? error.message : String(error))}
        </Text>
        {unshown.map(({ field, message }) => (
          <Text key={field} size="sm" style={{ overflowWrap: 'anywhere' }}>
            <b>{field}</b>: {message}
          </Text>
        ))}
        {problem?.hint && <Text size="sm">{problem.hint}</Text>}
        {forbidden && (
          <Text size="sm">Ask whoever looks after the cluster for the right, choose another namespace, or sign in as somebody else.</Text>
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
