import { Button } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'

import { ProblemError } from '../../api/problem'
import { EmptyState } from '../EmptyState'

/** Whether the server says that the object is not there, or is no longer. */
export const isGone = (error: unknown): boolean => error instanceof ProblemError && error.status === 404

type Props = {
  /** `Helm repository` or `OCI repository`. */
  kind: string
  name: string
  namespace: string
  /** It was there when the page was opened. */
  known: boolean
  /** Where the others are. */
  list: string
}

/** In place of a repository that is not there, or was deleted while its page was open. */
export function Gone({ kind, name, namespace, known, list }: Props) {
  return (
    <div role="alert">
      <EmptyState
        icon={<IconTrash aria-hidden />}
        title={known ? `${name} was deleted` : `There is no ${kind} ${name} in ${namespace}`}
        action={<Button renderRoot={(props) => <Link to={list} {...props} />}>Go to the repositories</Button>}
      >
        {known
          ? 'Releases that use it stay deployed, but are not reconciled until a repository of this name is added again.'
          : 'It was deleted, or its name is another one.'}
      </EmptyState>
    </div>
  )
}
