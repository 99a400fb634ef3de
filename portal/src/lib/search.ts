/** Reads the parts of an address that a person or an old link may have written. */

export function text(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function whole(value: unknown, least: number, most: number): number | undefined {
  const number = Number(value)
  return value !== undefined && Number.isInteger(number) && number >= least && number <= most ? number : undefined
}

/** Search, filters, order and page of a table; kept in the address. */
export type TableSearch = {
  search?: string
  /** Only rows in this state. */
  state?: string
  /** Only rows of this application. */
  app?: string
  /** Only releases that take their chart from this repository. */
  source?: string
  sort?: string
  page?: number
  pageSize?: number
}

export function tableView(search: Record<string, unknown>): TableSearch {
  return {
    search: text(search.search),
    state: text(search.state),
    app: text(search.app),
    source: text(search.source),
    sort: text(search.sort),
    page: whole(search.page, 1, 1_000_000),
    pageSize: whole(search.pageSize, 1, 500),
  }
}

/** What the server is asked for: hits in names come first, unless another order was chosen. */
export function asked(view: TableSearch): TableSearch {
  return { ...view, sort: view.sort ?? (view.search ? 'match' : undefined) }
}

/** Whether a table shows only a part of its rows. */
export function isNarrowed({ search, state, app, source }: TableSearch): boolean {
  return Boolean(search ?? state ?? app ?? source)
}

/** The same table with all its rows. */
export function widened(view: TableSearch): TableSearch {
  return { ...view, search: undefined, state: undefined, app: undefined, source: undefined, page: undefined }
}

/** An address inside the portal; anything that would leave it is dropped. */
export function inside(address: unknown): string | undefined {
  const path = text(address)
  return path && /^\/(?![/\\])/.test(path) ? path : undefined
}

/** The tab of a page. */
export function pageTab(search: Record<string, unknown>): { tab?: string } {
  return { tab: text(search.tab) }
}
