import { Link } from '@tanstack/react-router'
import { IconRocket } from '@tabler/icons-react'

import { useRights } from '../../api/rights'
import { paths } from '../../lib/paths'
import { GuardedButton } from '../../ui/Guarded'
import type { Origin } from './queries'

/** Leads to the form of a new release with the chart filled in. */
export function DeployButton({ origin, version, library }: { origin: Origin; version: string | undefined; library: boolean }) {
  const { namespace, repository, chart } = origin
  const { reason } = useRights(namespace)
  const kind = chart === undefined ? { sourceKind: 'OCIRepository' as const } : { chart, version }
  const filled = { namespace, source: repository, ...kind }
  return (
    <GuardedButton
      leftSection={<IconRocket size={16} aria-hidden />}
      reason={library ? 'A library chart holds only templates for other charts; it cannot be deployed.' : reason('create', 'releases')}
      renderRoot={(props) => <Link to={paths.addRelease} search={filled} {...props} />}
    >
      Deploy
    </GuardedButton>
  )
}
