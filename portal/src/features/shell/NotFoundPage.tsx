import { Button, Code, Stack } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'
import { IconMapOff } from '@tabler/icons-react'

import { paths } from '../../lib/paths'
import { EmptyState } from '../../ui/EmptyState'
import { PageHead } from '../../ui/PageHead'

/** An address that no view has. */
export function NotFoundPage() {
  const { pathname } = useLocation()
  return (
    <Stack>
      <PageHead title="Page not found" crumbs={[{ label: 'Kubernetes' }, { label: 'Page not found' }]} />
      <EmptyState
        icon={<IconMapOff aria-hidden />}
        title="There is no page at this address"
        action={<Button renderRoot={(props) => <Link to={paths.releases} {...props} />}>Go to the releases</Button>}
      >
        <Code>{pathname}</Code> is not an address of this portal. It may have been written by an older version, or cut when it was
        copied.
      </EmptyState>
    </Stack>
  )
}
