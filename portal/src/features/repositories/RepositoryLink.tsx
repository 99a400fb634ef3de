import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'

import { paths } from '../../lib/paths'

/** A repository's name, leading to its page. */
export function RepositoryLink({ namespace, name }: { namespace: string; name: string }) {
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to={paths.repository} params={{ namespace, name }} {...props} />}>
      {name}
    </Anchor>
  )
}
