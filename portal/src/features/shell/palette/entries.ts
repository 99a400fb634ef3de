import type { ComponentType } from 'react'

/** What the palette asks for: anything, or the object of an action that was chosen first. */
export type Mode = 'all' | 'sync' | 'reconcile' | 'namespace'

/** One line of the palette. */
export type Entry = {
  id: string
  label: string
  description?: string
  icon: ComponentType<{ size?: number; 'aria-hidden'?: boolean }>
  /** Why it is not offered to this person. */
  refused?: string
  /** Leads to another mode instead of ending. */
  mode?: Mode
  run?: () => unknown
}

export type Group = { label: string; entries: Entry[] }

/** Actions whose words begin with what was typed, in any order. */
export function matching(entries: Entry[], search: string): Entry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return entries.filter(({ label }) => {
    const parts = label.toLowerCase().split(/\s+/)
    return words.every((word) => parts.some((part) => part.startsWith(word)))
  })
}

/** Groups that have something to show. */
export function filled(groups: Group[]): Group[] {
  return groups.filter(({ entries }) => entries.length > 0)
}

/** Those whose name is the search, then those whose name begins with it, then those whose name holds it, then the rest. */
export function byName<T extends { name: string }>(items: T[], search: string): T[] {
  const wanted = search.toLowerCase()
  const rank = ({ name }: T) => {
    const lower = name.toLowerCase()
    return lower === wanted ? 0 : lower.startsWith(wanted) ? 1 : lower.includes(wanted) ? 2 : 3
  }
  return items.toSorted((a, b) => rank(a) - rank(b))
}
