/** Stands for all namespaces in the picker; no namespace can have this name. */
export const ALL_NAMESPACES = '*'
