import {
  ActionIcon,
  Group,
  Menu,
  NativeSelect,
  Pagination,
  ScrollArea,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  UnstyledButton,
  VisuallyHidden,
} from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconDots, IconSearch } from '@tabler/icons-react'
import { useEffect, useState, type ReactNode } from 'react'

import type { TableSearch } from '../lib/search'
import { Problem } from './Problem'

export type Column<T> = {
  key: string
  title: string
  /** Field that the server sorts by. */
  sort?: string
  render: (row: T) => ReactNode
}

export type Action<T> = {
  label: string
  icon?: ReactNode
  danger?: boolean
  /** Why the action is not offered to this person, where it is not. */
  disabled?: (row: T) => string | undefined
  run: (row: T) => void
}

/** Search, order and page of a table; kept in the address. */
export type TableView = TableSearch

type Props<T> = {
  label: string
  columns: Column<T>[]
  actions?: Action<T>[]
  rowKey: (row: T) => string
  rowName: (row: T) => string
  view: TableView
  onView: (view: TableView) => void
  page?: { items: T[]; total: number }
  error?: unknown
  retry: () => void
  empty: ReactNode
  toolbar?: ReactNode
}

const PAGE_SIZES = ['25', '50', '100', '250']

/** A table of one page of a list that the server searches, sorts and cuts. */
export function DataTable<T>(props: Props<T>) {
  const { view, onView, page, error } = props
  const pageSize = view.pageSize ?? 25
  const pages = Math.max(1, Math.ceil((page?.total ?? 0) / pageSize))
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Group gap="sm">
          <Text size="sm" aria-live="polite">
            Total {page?.total ?? '…'}
          </Text>
          <Group gap={6}>
            <Text size="sm" id="page-size">
              Show
            </Text>
            <NativeSelect
              size="xs"
              aria-labelledby="page-size"
              data={PAGE_SIZES}
              value={String(pageSize)}
              onChange={(event) => onView({ ...view, pageSize: Number(event.currentTarget.value), page: 1 })}
            />
          </Group>
          <Search value={view.search ?? ''} onChange={(search) => onView({ ...view, search, page: 1 })} />
        </Group>
        {props.toolbar}
      </Group>
      {error ? <Problem error={error} retry={props.retry} /> : <Rows {...props} />}
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {page?.total ?? 0} total
        </Text>
        {pages > 1 && (
          <Pagination
            total={pages}
            value={view.page ?? 1}
            onChange={(next) => onView({ ...view, page: next })}
            getControlProps={(control) => ({ 'aria-label': `${control} page` })}
            getItemProps={(number) => ({ 'aria-label': `Page ${number}` })}
          />
        )}
      </Group>
    </Stack>
  )
}

/** The text goes into the address once the person pauses. */
function Search({ value, onChange }: { value: string; onChange: (value: string | undefined) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => {
    if (text === value) return
    const timer = window.setTimeout(() => onChange(text || undefined), 250)
    return () => window.clearTimeout(timer)
  }, [text, value, onChange])
  return (
    <TextInput
      size="xs"
      type="search"
      aria-label="Search"
      placeholder="Search"
      leftSection={<IconSearch size={14} aria-hidden />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  )
}

function Rows<T>({ label, columns, actions, rowKey, rowName, view, onView, page, empty }: Props<T>) {
  return (
    <ScrollArea type="auto">
      <Table aria-label={label} highlightOnHover verticalSpacing="xs" miw={760}>
        <Table.Thead>
          <Table.Tr>
            {actions && (
              <Table.Th w={44}>
                <VisuallyHidden>Actions</VisuallyHidden>
              </Table.Th>
            )}
            {columns.map((column) => (
              <Heading key={column.key} column={column} view={view} onView={onView} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {page?.items.map((row) => (
            <Table.Tr key={rowKey(row)}>
              {actions && (
                <Table.Td>
                  <RowMenu row={row} name={rowName(row)} actions={actions} />
                </Table.Td>
              )}
              {columns.map((column) => (
                <Table.Td key={column.key}>{column.render(row)}</Table.Td>
              ))}
            </Table.Tr>
          ))}
          {!page && <Loading columns={columns.length + (actions ? 1 : 0)} />}
          {page?.items.length === 0 && (
            <Table.Tr>
              <Table.Td colSpan={columns.length + (actions ? 1 : 0)}>{empty}</Table.Td>
            </Table.Tr>
          )}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}

function Loading({ columns }: { columns: number }) {
  return Array.from({ length: 4 }, (_, row) => (
    <Table.Tr key={row} aria-hidden>
      {Array.from({ length: columns }, (_, column) => (
        <Table.Td key={column}>
          <Skeleton height={18} />
        </Table.Td>
      ))}
    </Table.Tr>
  ))
}

function Heading<T>({
  column,
  view,
  onView,
}: {
  column: Column<T>
  view: TableView
  onView: (view: TableView) => void
}) {
  const { sort } = column
  if (!sort) return <Table.Th>{column.title}</Table.Th>
  const ascending = view.sort === sort
  const descending = view.sort === `-${sort}`
  return (
    <Table.Th aria-sort={ascending ? 'ascending' : descending ? 'descending' : 'none'}>
      <UnstyledButton
        fz="sm"
        fw={700}
        onClick={() => onView({ ...view, sort: ascending ? `-${sort}` : sort, page: 1 })}
      >
        <Group gap={4} wrap="nowrap">
          {column.title}
          {ascending && <IconArrowUp size={14} aria-hidden />}
          {descending && <IconArrowDown size={14} aria-hidden />}
        </Group>
      </UnstyledButton>
    </Table.Th>
  )
}

function RowMenu<T>({ row, name, actions }: { row: T; name: string; actions: Action<T>[] }) {
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${name}`}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map((action) => {
          const reason = action.disabled?.(row)
          return (
            <Menu.Item
              key={action.label}
              leftSection={action.icon}
              color={action.danger ? 'red' : undefined}
              disabled={reason !== undefined}
              title={reason}
              onClick={() => action.run(row)}
            >
              {action.label}
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </Menu>
  )
}
