import { useMantineColorScheme } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import {
  IconAnchor,
  IconBox,
  IconKeyboard,
  IconLogout,
  IconPackage,
  IconPackages,
  IconPlayerPlay,
  IconPlus,
  IconRefresh,
  IconServer,
} from '@tabler/icons-react'

import { useRights } from '../../../api/rights'
import { paths } from '../../../lib/paths'
import { schemes } from '../ColorScheme'
import { shortcutList } from '../Shortcuts'
import { useSignOut } from '../UserMenu'
import type { Entry } from './entries'

/** Everything that can be started from anywhere. */
export function useActions(): { go: Entry[]; act: Entry[] } {
  const navigate = useNavigate()
  const { namespace } = useSearch({ from: '/signed-in' })
  const { reason } = useRights(namespace)
  const { setColorScheme } = useMantineColorScheme()
  const signOut = useSignOut()
  const go: Entry[] = [
    { id: 'go-releases', label: 'Go to Release', icon: IconAnchor, run: () => navigate({ to: paths.releases }) },
    { id: 'go-repositories', label: 'Go to Helm Repository', icon: IconPackages, run: () => navigate({ to: paths.repositories }) },
    { id: 'go-oci', label: 'Go to OCI Repository', icon: IconBox, run: () => navigate({ to: paths.ociRepositories }) },
    { id: 'go-charts', label: 'Go to Charts', icon: IconPackage, run: () => navigate({ to: paths.charts }) },
    { id: 'go-services', label: 'Go to Services', icon: IconServer, run: () => navigate({ to: paths.services }) },
  ]
  const act: Entry[] = [
    {
      id: 'add-release',
      label: 'Add Helm Release',
      icon: IconPlus,
      refused: reason('create', 'releases'),
      run: () => navigate({ to: paths.addRelease }),
    },
    {
      id: 'add-repository',
      label: 'Add Helm Repository',
      icon: IconPlus,
      refused: reason('create', 'repositories'),
      run: () => navigate({ to: paths.repositories, search: { action: 'add' } }),
    },
    {
      id: 'add-oci',
      label: 'Add OCI Repository',
      icon: IconPlus,
      refused: reason('create', 'oci-repositories'),
      run: () => navigate({ to: paths.ociRepositories, search: { action: 'add' } }),
    },
    { id: 'sync', label: 'Sync a repository…', icon: IconRefresh, refused: reason('patch', 'repositories'), mode: 'sync' },
    { id: 'reconcile', label: 'Reconcile a release…', icon: IconPlayerPlay, refused: reason('patch', 'releases'), mode: 'reconcile' },
    { id: 'namespace', label: 'Switch namespace…', icon: IconBox, mode: 'namespace' },
    ...schemes.map(({ value, label, icon }) => ({
      id: `theme-${value}`,
      label: `Theme: ${label}`,
      icon,
      run: () => setColorScheme(value),
    })),
    { id: 'shortcuts', label: 'Keyboard shortcuts', icon: IconKeyboard, run: () => shortcutList.set(true) },
    { id: 'sign-out', label: 'Sign out', icon: IconLogout, run: signOut },
  ]
  return { go, act }
}
