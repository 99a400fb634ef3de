import { lazyRouteComponent } from '@tanstack/react-router'

/** The code of a page could not be loaded. */
export class MissingPart extends Error {
  constructor(cause: unknown) {
    super('A part of the portal could not be loaded.', { cause })
    this.name = 'MissingPart'
  }
}

/**
 * A page whose code is loaded when it is first shown.
 * The router loads the whole document again when that fails: with a server that is away it would leave nothing.
 * An error of our own is shown in the place of the page instead.
 */
export function lazyPage<Module extends Record<string, unknown>, Name extends keyof Module & string>(
  load: () => Promise<Module>,
  name: Name,
) {
  const guarded = () =>
    load().catch((cause: unknown) => {
      throw new MissingPart(cause)
    })
  return lazyRouteComponent(guarded as () => Promise<never>, name as never)
}
