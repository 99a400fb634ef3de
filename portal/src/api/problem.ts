import type { components } from './schema'

export type Problem = components['schemas']['Problem']
export type FieldError = components['schemas']['FieldError']

/** A refusal in the server's words. */
export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem, cause?: unknown) {
    super(problem.detail, { cause })
    this.name = 'ProblemError'
    this.problem = problem
  }

  get status(): number {
    return this.problem.status
  }

  /** Messages by field, as a form shows them. */
  get fields(): Record<string, string> {
    return Object.fromEntries((this.problem.errors ?? []).map(({ field, message }) => [field, message]))
  }
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 401
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 404
}

export function isForbidden(error: unknown): boolean {
  return error instanceof ProblemError && error.status === 403
}
