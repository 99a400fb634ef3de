import { Skeleton, Table, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react'
import { memo, useCallback, useEffect, useRef, type ReactNode } from 'react'

import type { Action, Column, TableProps } from '../DataTable'
import { RowMenu } from './RowMenu'
import cards from '../cards.module.css'
import classes from './table.module.css'

type Props<T> = TableProps<T> & {
  items: T[] | undefined
  empty: ReactNode
  placeholders: number
  onMenu: (open: boolean) => void
}

/** Headings and rows. Below 768 pixels each row stands as a card, so the roles of a table are written out. */
export function Rows<T>(props: Props<T>) {
  const { label, columns, actions, rowKey, view, onView, items, empty, placeholders } = props
  // A search without an order puts the best hits first.
  const order = view.sort ?? (view.search ? undefined : columns.find(({ sort }) => sort)?.sort)
  const width = columns.length + (actions ? 1 : 0)
  const latest = useRef(props)
  useEffect(() => {
    latest.current = props
  })
  // A row is drawn again only when it changed itself.
  const actionsOf = useCallback(() => latest.current.actions ?? [], [])
  const onMenu = useCallback((open: boolean) => latest.current.onMenu(open), [])
  return (
    <div className={cards.scroll}>
      <Table className={`${cards.table} ${classes.table}`} role="table" aria-label={label} aria-busy={!items} highlightOnHover verticalSpacing={6}>
        <Table.Thead role="rowgroup">
          <Table.Tr role="row">
            {actions && (
              <Table.Th role="columnheader" w={44}>
                <VisuallyHidden>Actions</VisuallyHidden>
              </Table.Th>
            )}
            {columns.map((column) => (
              <Heading key={column.key} column={column} order={order} onOrder={(sort) => onView({ ...view, sort, page: undefined })} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {items?.map((row) => (
            <Row
              key={rowKey(row)}
              row={row}
              columns={columns as Column<unknown>[]}
              hasMenu={actions !== undefined}
              name={props.rowName(row)}
              namespace={props.rowNamespace?.(row)}
              actions={actionsOf as () => Action<unknown>[]}
              onMenu={onMenu}
            />
          ))}
          {!items && <Loading columns={width} rows={placeholders} />}
          {items?.length === 0 && (
            <Table.Tr role="row" className={classes.empty}>
              <Table.Td role="cell" colSpan={width}>
                {empty}
              </Table.Td>
            </Table.Tr>
          )}
        </Table.Tbody>
      </Table>
    </div>
  )
}

type RowProps = {
  row: unknown
  columns: Column<unknown>[]
  hasMenu: boolean
  name: string
  namespace: string | undefined
  actions: () => Action<unknown>[]
  onMenu: (open: boolean) => void
}

const Row = memo(function Row({ row, columns, hasMenu, name, namespace, actions, onMenu }: RowProps) {
  return (
    <Table.Tr role="row" data-row>
      {hasMenu && (
        <Table.Td role="cell" className={classes.menu}>
          <RowMenu row={row} name={name} namespace={namespace} actions={actions} onOpen={onMenu} />
        </Table.Td>
      )}
      {columns.map((column, place) => (
        <Table.Td
          key={column.key}
          role="cell"
          className={place === 0 ? classes.primary : undefined}
          data-label={column.title}
          data-numeric={column.numeric || undefined}
        >
          {column.render(row)}
        </Table.Td>
      ))}
    </Table.Tr>
  )
})

function Loading({ columns, rows }: { columns: number; rows: number }) {
  return Array.from({ length: rows }, (_, row) => (
    <Table.Tr key={row} aria-hidden className={classes.loading}>
      {Array.from({ length: columns }, (__, column) => (
        <Table.Td key={column}>
          <Skeleton height={22} />
        </Table.Td>
      ))}
    </Table.Tr>
  ))
}

type HeadingProps<T> = { column: Column<T>; order: string | undefined; onOrder: (order: string) => void }

function Heading<T>({ column, order, onOrder }: HeadingProps<T>) {
  const { sort } = column
  if (!sort) {
    return (
      <Table.Th role="columnheader" data-numeric={column.numeric || undefined}>
        {column.title}
      </Table.Th>
    )
  }
  const ascending = order === sort
  const descending = order === `-${sort}`
  const Icon = ascending ? IconArrowUp : descending ? IconArrowDown : IconArrowsSort
  return (
    <Table.Th
      role="columnheader"
      miw={column.width}
      data-numeric={column.numeric || undefined}
      aria-sort={ascending ? 'ascending' : descending ? 'descending' : 'none'}
    >
      <UnstyledButton
        className={classes.heading}
        data-on={ascending || descending || undefined}
        onClick={() => onOrder(ascending ? `-${sort}` : sort)}
      >
        {column.title}
        <Icon size={14} aria-hidden />
      </UnstyledButton>
    </Table.Th>
  )
}
