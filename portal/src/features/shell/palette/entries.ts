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

/** Groups in which a name begins with the search before those where it only holds it, before all others. */
export function bestFirst(groups: Group[], search: string): Group[] {
  const wanted = search.toLowerCase()
  if (wanted === '') return groups
  const rank = ({ entries }: Group) => {
    const labels = entries.map(({ label }) => label.toLowerCase())
    return labels.some((label) => label.startsWith(wanted)) ? 0 : labels.some((label) => label.includes(wanted)) ? 1 : 2
  }
  return groups.toSorted((a, b) => rank(a) - rank(b))
}
