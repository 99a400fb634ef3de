import { NavLink, Text } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'
import { IconAnchor, IconPackage, IconServer } from '@tabler/icons-react'

import { paths } from '../../lib/paths'

const places = [
  { to: paths.releases, below: [paths.releases, paths.repositories, paths.ociRepositories], label: 'Helm', icon: IconAnchor },
  { to: paths.charts, below: [paths.charts], label: 'Charts', icon: IconPackage },
  { to: paths.services, below: [paths.services], label: 'Services', icon: IconServer },
] as const

/** The places of the portal. */
export function Navigation({ onNavigate }: { onNavigate: () => void }) {
  const { pathname } = useLocation()
  return (
    <div>
      <Text size="xs" fw={700} c="dimmed" px="sm" py={6}>
        Kubernetes
      </Text>
      {places.map(({ to, below, label, icon: Icon }) => {
        const active = below.some((path) => pathname === path || pathname.startsWith(`${path}/`))
        return (
          <NavLink
            key={to}
            component={Link}
            to={to}
            label={label}
            leftSection={<Icon size={18} aria-hidden />}
            active={active}
            aria-current={active ? 'page' : undefined}
            onClick={onNavigate}
          />
        )
      })}
    </div>
  )
}
