import { Text } from '@mantine/core'
import type { ReactNode } from 'react'

import classes from './Facts.module.css'

/** What is known of a thing: labels over their values, in as many columns as there is room for. */
export function Facts({ items }: { items: [label: string, value: ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {items.map(([label, value]) => (
        <div key={label}>
          <Text component="dt" size="xs" c="dimmed">
            {label}
          </Text>
          <Text component="dd" size="sm" className={classes.value}>
            {value ?? '–'}
          </Text>
        </div>
      ))}
    </dl>
  )
}
