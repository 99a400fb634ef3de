/** A field that cannot be changed is still to be read. */
export const fixedField = { input: { opacity: 1, color: 'var(--mantine-color-dimmed)' } }
