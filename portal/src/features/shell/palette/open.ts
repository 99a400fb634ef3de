import { signal } from '../../../lib/signal'

/** Whether the palette is open. */
export const paletteOpen = signal(false)

export const openPalette = () => paletteOpen.set(true)
