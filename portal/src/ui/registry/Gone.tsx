import { Alert, Button } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'

import { EmptyState } from '../EmptyState'

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

/** Above a form whose object was deleted while it was filled in; what was typed stays. */
export function DeletedNote({ name }: { name: string }) {
  return (
    <Alert color="orange" role="alert" title={`${name} was deleted`}>
      Somebody deleted or renamed it since this form was opened, so it cannot be saved. Your input stays here to be copied.
    </Alert>
  )
}
