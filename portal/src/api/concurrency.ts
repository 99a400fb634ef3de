import { ProblemError } from './problem'

type Versioned = { uid: string; resourceVersion: string }

/** Somebody else changed the object since it was read. */
export class Changed extends Error {
  /** The object as it is now. */
  readonly now: Versioned
  readonly refusal: ProblemError

  constructor(now: Versioned, refusal: ProblemError) {
    super(refusal.problem.detail, { cause: refusal })
    this.name = 'Changed'
    this.now = now
    this.refusal = refusal
  }
}

type Attempt<T extends Versioned> = {
  seen: T
  write: (resourceVersion: string) => Promise<T>
  read: () => Promise<T>
  /** Whether two states of the object say the same to the person who edits it. */
  equal: (one: T, other: T) => boolean
}

/** Each sync gives the object a new version; after so many in a row it is given up. */
const TRIES = 4

/**
 * Saves unless somebody else changed what the form shows.
 *
 * Every write of the controller gives an object a new version, so a refusal alone says nothing about a conflict:
 * the object is read again and compared.
 */
export async function saveUnlessChanged<T extends Versioned>({ seen, write, read, equal }: Attempt<T>): Promise<T> {
  let version = seen.resourceVersion
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write(version)
    } catch (error) {
      if (!isChanged(error)) throw error
      const now = await read()
      if (now.uid !== seen.uid || !equal(seen, now) || attempt === TRIES) throw new Changed(now, error)
      version = now.resourceVersion
    }
  }
}

function isChanged(error: unknown): error is ProblemError {
  return error instanceof ProblemError && error.status === 409 && error.problem.type.endsWith(':changed')
}

/** Who it was, as far as the server knows. */
export function changedBy({ refusal }: Changed): string {
  const more: Record<string, unknown> = { ...refusal.problem }
  return typeof more.changedBy === 'string' && more.changedBy ? more.changedBy : 'Somebody else'
}
