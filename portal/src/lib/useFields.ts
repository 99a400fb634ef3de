import { useCallback, useState } from 'react'

import { rebase, valueAt, withValue, type Rebased } from './fields'
import { same } from './manifest'

type TextChange = string | { currentTarget: { value: string } }

/** A form's values, what is wrong with them, and the properties of each input by the path of its field. */
export function useFields<F extends object>(initial: F, check: (form: F) => Record<string, string>) {
  const [base, setBase] = useState(initial)
  const [values, setValues] = useState(initial)
  const [errors, setErrors] = useState<Record<string, string>>({})

  const set = useCallback((path: string, value: unknown) => {
    setValues((before) => withValue(before, path, value))
    setErrors((before) => Object.fromEntries(Object.entries(before).filter(([at]) => at !== path)))
  }, [])

  /** An empty field is not called wrong before the form is sent. */
  const leave = (path: string) => {
    const value = valueAt(values, path)
    const message = value === '' || value === undefined ? undefined : check(values)[path]
    if (message) setErrors((before) => ({ ...before, [path]: message }))
  }

  return {
    values,
    setValues,
    base,
    errors,
    setErrors,
    set,
    dirty: !same(values, base),
    /** Takes what was saved meanwhile as the new beginning and keeps what was typed. */
    rebase: (theirs: F): Rebased<F> => {
      const rebased = rebase(base, values, theirs)
      setBase(theirs)
      setValues(rebased.form)
      return rebased
    },
    text: (path: string) => ({
      value: String(valueAt(values, path) ?? ''),
      onChange: (change: TextChange) => set(path, typeof change === 'string' ? change : change.currentTarget.value),
      onBlur: () => leave(path),
      error: errors[path],
    }),
    choice: (path: string) => ({
      value: String(valueAt(values, path) ?? ''),
      onChange: (chosen: string | null) => set(path, chosen ?? ''),
      error: errors[path],
    }),
    flag: (path: string) => ({
      checked: valueAt(values, path) === true,
      onChange: (event: { currentTarget: { checked: boolean } }) => set(path, event.currentTarget.checked),
      error: errors[path],
    }),
  }
}

export type Fields<F extends object> = ReturnType<typeof useFields<F>>

/** What parts of a form need that do not know the whole of it. */
export type Inputs = Pick<Fields<object>, 'set' | 'text' | 'choice' | 'flag' | 'errors'>
