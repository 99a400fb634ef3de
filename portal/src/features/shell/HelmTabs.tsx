import { Stack, Tabs } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'

import { paths } from '../../lib/paths'
import { PageHead } from '../../ui/PageHead'

const tabs = [
  { value: paths.releases, label: 'Release' },
  { value: paths.repositories, label: 'Helm Repository' },
  { value: paths.ociRepositories, label: 'OCI Repository' },
] as const

/** The three tabs of Kubernetes → Helm. */
export function HelmTabs({ active, children }: { active: (typeof tabs)[number]['value']; children: ReactNode }) {
  const navigate = useNavigate()
  const label = tabs.find((tab) => tab.value === active)?.label ?? ''
  return (
    <Stack>
      <PageHead title={label} crumbs={[{ label: 'Kubernetes' }, { label: 'Helm' }, { label }]} />
      <Tabs
        value={active}
        onChange={(value) => {
          const tab = tabs.find((one) => one.value === value)
          if (tab) void navigate({ to: tab.value, search: ({ namespace }) => ({ namespace }) })
        }}
      >
        <Tabs.List>
          {tabs.map((tab) => (
            <Tabs.Tab key={tab.value} value={tab.value}>
              {tab.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={active} pt="md">
          {children}
        </Tabs.Panel>
      </Tabs>
    </Stack>
  )
}
