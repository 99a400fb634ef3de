/** What this browser remembers of a person's choices. Storage may be refused or full: then nothing is remembered. */
export const preferences = {
  get(name: string): string | undefined {
    try {
      return window.localStorage.getItem(`pilothouse-${name}`) ?? undefined
    } catch {
      return undefined
    }
  },
  set(name: string, value: string | undefined) {
    try {
      if (value === undefined) window.localStorage.removeItem(`pilothouse-${name}`)
      else window.localStorage.setItem(`pilothouse-${name}`, value)
    } catch {
      // Remembered for this page only.
    }
  },
}
