/** Reads the parts of an address that a person or an old link may have written. */

export function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function whole(value: unknown, least: number, most: number): number | undefined {
  const number = Number(value)
  return value !== undefined && Number.isInteger(number) && number >= least && number <= most ? number : undefined
}

export type TableSearch = { search?: string; sort?: string; page?: number; pageSize?: number }

export function tableView(search: Record<string, unknown>): TableSearch {
  return {
    search: text(search.search),
    sort: text(search.sort),
    page: whole(search.page, 1, 1_000_000),
    pageSize: whole(search.pageSize, 1, 500),
  }
}
