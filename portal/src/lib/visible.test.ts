import { expect, it } from 'vitest'

import { visible } from './visible'

it('writes out what would reorder or hide text', () => {
  expect(visible('image: \u202egnp.exe')).toBe('image: ⟨U+202E⟩gnp.exe')
  expect(visible('zero\u200bwidth')).toBe('zero⟨U+200B⟩width')
})

it('leaves tabs, lines and other scripts as they are', () => {
  expect(visible('a\tb\nпривет 漢字 é 🚢')).toBe('a\tb\nпривет 漢字 é 🚢')
})
