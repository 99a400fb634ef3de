import { Table, type TableTdProps } from '@mantine/core'
import type { ReactNode } from 'react'

import cards from './cards.module.css'
import classes from './PlainTable.module.css'

export type PlainColumn<T> = {
  title: string
  render: (row: T, place: number) => ReactNode
  /** How a cell looks: its font, how it breaks. */
  cell?: Pick<TableTdProps, 'ff' | 'fz' | 'style' | 'miw' | 'maw'>
}

type Props<T> = {
  label: string
  columns: PlainColumn<T>[]
  rows: T[]
  rowKey: (row: T, place: number) => string | number
  /** Whether this is the row that the page is about. */
  isCurrent?: (row: T) => boolean
  /** Least width in pixels where the rows stand as lines. */
  minWidth?: number
  verticalSpacing?: 4 | 6 | 'xs'
}

/** A table that is shown as it is, without search, order or pages. Below 768 pixels each row stands as a card, so the roles of a table are written out. */
export function PlainTable<T>({ label, columns, rows, rowKey, isCurrent, minWidth, verticalSpacing = 'xs' }: Props<T>) {
  return (
    <div className={cards.scroll} role="group" aria-label={label} tabIndex={0}>
      <Table className={`${cards.table} ${classes.table}`} role="table" aria-label={label} verticalSpacing={verticalSpacing} miw={minWidth}>
        <Table.Thead role="rowgroup">
          <Table.Tr role="row">
            {columns.map(({ title }) => (
              <Table.Th key={title} role="columnheader">
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {rows.map((row, place) => (
            <Table.Tr key={rowKey(row, place)} role="row" aria-current={isCurrent?.(row) || undefined}>
              {columns.map(({ title, render, cell }) => (
                <Table.Td key={title} role="cell" data-label={title} {...cell}>
                  <div className={classes.value}>{render(row, place)}</div>
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}
