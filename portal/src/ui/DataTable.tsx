import { Group, Pagination, Stack, Text } from '@mantine/core'
import { useCallback, useEffect, useState, type ReactNode } from 'react'

import type { Resource, Verb } from '../api/rights'
import { isNarrowed, type TableSearch } from '../lib/search'
import { Problem } from './Problem'
import { Filters } from './table/Filters'
import { NoMatch } from './table/NoMatch'
import { Rows } from './table/Rows'
import { Toolbar } from './table/Toolbar'

export type Column<T> = {
  key: string
  title: string
  /** Field that the server sorts by. */
  sort?: string
  /** Least width in pixels. */
  width?: number
  /** Numbers stand under each other. */
  numeric?: boolean
  render: (row: T) => ReactNode
}

export type Action<T> = {
  label: string
  icon?: ReactNode
  danger?: boolean
  /** What a person must be allowed to in the row's namespace (`rowNamespace`). */
  needs?: [Verb, Resource]
  /** Left out for rows to which it does not apply. */
  hidden?: (row: T) => boolean
  /** Why the action is not possible now, where it is not. */
  disabled?: (row: T) => string | undefined
  run: (row: T) => void
}

/** Search, filters, order and page of a table; kept in the address. */
export type TableView = TableSearch

/** One page of a list, as the server cuts it. */
export type TablePage<T> = {
  items: T[]
  total: number
  /** Number of rows by state, before the filter by state. */
  states?: Record<string, number>
  /** Number of rows by application, before the filter by application. */
  apps?: Record<string, number>
}

export type TableProps<T> = {
  label: string
  columns: Column<T>[]
  actions?: Action<T>[]
  rowKey: (row: T) => string
  rowName: (row: T) => string
  /** Namespace in which a row's actions are allowed or not. */
  rowNamespace?: (row: T) => string
  view: TableView
  onView: (view: TableView) => void
  page?: TablePage<T>
  error?: unknown
  retry: () => void
  /** Shown where there is no row at all: what to do next. */
  empty: ReactNode
  toolbar?: ReactNode
}

/** A table of one page of a list that the server searches, filters, sorts and cuts. */
export function DataTable<T>(props: TableProps<T>) {
  const { view, onView, page, error } = props
  const pageSize = view.pageSize ?? 25
  const pages = Math.max(1, Math.ceil((page?.total ?? 0) / pageSize))
  const current = view.page ?? 1
  const beyond = page !== undefined && page.items.length === 0 && page.total > 0 && current > pages
  useEffect(() => {
    // The last rows of the last page went away.
    if (beyond) onView({ ...view, page: pages })
  }, [beyond, onView, view, pages])
  const [held, hold] = useHeldRows(props)
  const empty = isNarrowed(view) ? <NoMatch view={view} onView={onView} /> : props.empty
  return (
    <Stack gap="sm">
      <Toolbar view={view} onView={onView} total={error ? '–' : (page?.total ?? '…')} columns={props.columns} action={props.toolbar} />
      {!error && <Filters view={view} onView={onView} page={page} />}
      {error ? (
        <Problem error={error} retry={props.retry} />
      ) : (
        <Rows {...props} items={held} empty={empty} onMenu={hold} placeholders={Math.min(pageSize, 8)} />
      )}
      <Group justify="space-between" mih={32}>
        <Text size="sm" c="dimmed">
          {!error && `${page?.total ?? 0} total`}
        </Text>
        {pages > 1 && !error && (
          <Pagination
            size="sm"
            siblings={1}
            total={pages}
            value={current}
            onChange={(next) => onView({ ...view, page: next })}
            getControlProps={(control) => ({ 'aria-label': `${control} page` })}
            getItemProps={(number) => ({ 'aria-label': `Page ${number}` })}
          />
        )}
      </Group>
    </Stack>
  )
}

/** The rows to show: while a row's menu is open each row stays in its place, only its content follows. */
function useHeldRows<T>({ page, rowKey }: TableProps<T>) {
  const [held, setHeld] = useState<T[]>()
  const items = page?.items
  const hold = useCallback((open: boolean) => setHeld(open ? items : undefined), [items])
  if (!held || !items) return [items, hold] as const
  const fresh = new Map(items.map((row) => [rowKey(row), row]))
  return [held.map((row) => fresh.get(rowKey(row)) ?? row), hold] as const
}
