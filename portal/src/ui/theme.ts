import { Badge, createTheme, DEFAULT_THEME, Drawer, Menu, Modal, Notification, Portal, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

/** The colour of deep water; shades 6 to 9 keep 4.5:1 on white. */
const harbour: MantineColorsTuple = [
  '#e8f6f9',
  '#d2e9ef',
  '#a6d3df',
  '#76bccf',
  '#4fa8c1',
  '#2f93af',
  '#1b7490',
  '#155e75',
  '#114c5f',
  '#0b3a4a',
]

/** The palette with a last shade that keeps 4.5:1 both under white text and on white. */
const darkened = (colors: MantineColorsTuple, last: string) => [...colors.slice(0, 9), last] as unknown as MantineColorsTuple

export const theme = createTheme({
  primaryColor: 'harbour',
  primaryShade: { light: 7, dark: 6 },
  colors: {
    harbour,
    green: darkened(DEFAULT_THEME.colors.green, '#22752f'),
    orange: darkened(DEFAULT_THEME.colors.orange, '#b23a08'),
  },
  defaultRadius: 'sm',
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // States are words of the API and keep their spelling.
    Badge: Badge.extend({ defaultProps: { tt: 'none', fw: 600, miw: 'max-content' } }),
    Modal: Modal.extend({ styles: { title: { fontWeight: 600 } } }),
    Drawer: Drawer.extend({ styles: { title: { fontWeight: 600 } } }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }),
    // The first item takes the focus; a placeholder for it is no item of a menu.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    // What floats above the page stands in a landmark of its own.
    Portal: Portal.extend({ defaultProps: { target: '#overlays' } }),
  },
})

/** Colours of text that keep 4.5:1 on the page in both themes; Mantine's own do not. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--pilothouse-attention': 'var(--mantine-color-orange-9)',
    '--pilothouse-accent': 'var(--mantine-color-harbour-7)',
    '--mantine-color-dimmed': '#5c636b',
    '--mantine-color-placeholder': '#6b727a',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
  },
  dark: {
    '--mantine-color-anchor': 'var(--mantine-color-harbour-3)',
    '--pilothouse-attention': 'var(--mantine-color-orange-4)',
    '--pilothouse-accent': 'var(--mantine-color-harbour-3)',
    '--mantine-color-dimmed': '#a9abb0',
    '--mantine-color-placeholder': '#9a9ca1',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
  },
})
