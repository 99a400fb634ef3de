import { Alert, List, Stack, Text } from '@mantine/core'
import { IconAlertCircle } from '@tabler/icons-react'

import { ProblemError } from '../../../api/problem'
import { visible } from '../../../lib/visible'
import { Problem } from '../../../ui/Problem'
import { fieldNames } from '../form'
import { fieldErrors } from '../edit/fieldErrors'
import { emptyForm } from '../form'
import { excerptOf } from './excerpt'
import { ExcerptView } from './ExcerptView'
import classes from './RenderProblem.module.css'

/** Why a chart does not render, with the place in its templates. */
export function RenderProblem({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!(error instanceof ProblemError)) return <Problem error={error} retry={retry} />
  const { problem } = error
  const given = (problem as { excerpt?: unknown }).excerpt
  const excerpt = typeof given === 'string' ? excerptOf(given) : []
  const failed = problem.type.endsWith(':render-failed')
  if (!failed && (problem.errors ?? []).length === 0) return <Problem error={error} retry={retry} />
  return (
    <Alert role="alert" color="red" icon={<IconAlertCircle aria-hidden />} title={problem.title}>
      <Stack gap="sm">
        {failed ? (
          <Text size="sm" ff={problem.detail.trim().includes('\n') ? 'monospace' : undefined} className={classes.detail}>
            {visible(problem.detail.trim())}
          </Text>
        ) : (
          <Fields error={error} />
        )}
        {excerpt.length > 0 && <ExcerptView lines={excerpt} />}
        {problem.hint && <Text size="sm">{problem.hint}</Text>}
      </Stack>
    </Alert>
  )
}

function Fields({ error }: { error: ProblemError }) {
  const { fields, others } = fieldErrors(error, emptyForm)
  const named = Object.entries(fields).map(([field, message]) => ({
    field: field === 'namespace' ? 'Namespace' : fieldNames[field as keyof typeof fieldNames],
    message,
  }))
  return (
    <List size="sm">
      {[...named, ...others].map(({ field, message }) => (
        <List.Item key={field}>
          <b>{field}</b>: {message}
        </List.Item>
      ))}
    </List>
  )
}
