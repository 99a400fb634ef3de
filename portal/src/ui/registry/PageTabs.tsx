import { Tabs } from '@mantine/core'
import type { ReactNode } from 'react'

export type PageTab = { value: string; label: string; content: () => ReactNode }

/** The parts of a page, one at a time; the first one is the page without a tab in its address. */
export function PageTabs({
  tabs,
  active,
  onChange,
}: {
  tabs: PageTab[]
  active: string | undefined
  onChange: (tab: string | undefined) => void
}) {
  const shown = tabs.find(({ value }) => value === active) ?? tabs[0]
  if (!shown) return null
  return (
    <Tabs value={shown.value} onChange={(value) => onChange(value === tabs[0]?.value ? undefined : (value ?? undefined))}>
      <Tabs.List style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}>
        {tabs.map(({ value, label }) => (
          <Tabs.Tab key={value} value={value} style={{ flex: 'none' }}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ value, content }) => (
        <Tabs.Panel key={value} value={value} pt="md">
          {value === shown.value && content()}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}

/** A tab's label with how many things are in it, once that is known. */
export function withCount(label: string, count: number | undefined): string {
  return count === undefined ? label : `${label} (${count.toLocaleString('en-US')})`
}
