import { Group, Kbd, NativeSelect, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'

import type { Column, TableView } from '../DataTable'
import classes from './table.module.css'

const PAGE_SIZES = ['25', '50', '100', '250']

type Props<T> = {
  view: TableView
  onView: (view: TableView) => void
  total: number | string
  columns: Column<T>[]
  action: ReactNode
}

/** Total, page size, search, order on narrow screens, and what can be added. */
export function Toolbar<T>({ view, onView, total, columns, action }: Props<T>) {
  return (
    <div className={classes.toolbar}>
      <Text size="sm" className={classes.total}>
        Total <b>{total}</b>
      </Text>
      <Group gap={6} wrap="nowrap" className={classes.show}>
        <Text size="sm" component="label" htmlFor="table-page-size">
          Show
        </Text>
        <NativeSelect
          id="table-page-size"
          size="xs"
          data={PAGE_SIZES}
          value={String(view.pageSize ?? 25)}
          onChange={(event) => onView({ ...view, pageSize: Number(event.currentTarget.value), page: undefined })}
        />
      </Group>
      <Order view={view} onView={onView} columns={columns} />
      <Search value={view.search ?? ''} onChange={(search) => onView({ ...view, search, page: undefined })} />
      <div className={classes.action}>{action}</div>
    </div>
  )
}

/** The text goes into the address once the person pauses; what the address says otherwise comes into the field. */
function Search({ value, onChange }: { value: string; onChange: (value: string | undefined) => void }) {
  const [text, setText] = useState(value)
  const sent = useRef(value)
  const change = useRef(onChange)
  useEffect(() => {
    change.current = onChange
  })
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value
      setText(value)
    }
  }, [value])
  useEffect(() => {
    if (text === sent.current) return
    const timer = window.setTimeout(() => {
      sent.current = text.trim()
      change.current(text.trim() || undefined)
    }, 250)
    return () => window.clearTimeout(timer)
  }, [text])
  return (
    <TextInput
      className={classes.search}
      size="xs"
      type="search"
      aria-label="Search"
      placeholder="Search"
      data-shortcut="/"
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={text === '' && <Kbd size="xs" aria-hidden className={classes.wideOnly}>/</Kbd>}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  )
}

/** Sorting where the columns' headings are not shown. */
function Order<T>({ view, onView, columns }: Pick<Props<T>, 'view' | 'onView' | 'columns'>) {
  const orders = columns.flatMap(({ title, sort }) =>
    sort
      ? [
          { value: sort, label: `${title} ↑` },
          { value: `-${sort}`, label: `${title} ↓` },
        ]
      : [],
  )
  if (orders.length === 0) return null
  return (
    <NativeSelect
      className={classes.narrowOnly}
      size="xs"
      aria-label="Sort by"
      data={orders}
      value={view.sort ?? orders[0]?.value}
      onChange={(event) => onView({ ...view, sort: event.currentTarget.value, page: undefined })}
    />
  )
}
