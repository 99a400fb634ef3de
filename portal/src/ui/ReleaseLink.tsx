import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'

import { paths } from '../lib/paths'

/** A release by its name, leading to its page. */
export function ReleaseLink({ namespace, name }: { namespace: string; name: string }) {
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to={paths.release} params={{ namespace, name }} {...props} />}>
      {name}
    </Anchor>
  )
}
