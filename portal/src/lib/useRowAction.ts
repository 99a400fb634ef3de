import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'

type Named = { name: string }
type Run<T> = {
  row: T
  /** The request. */
  run: (row: T) => Promise<unknown>
  /** What is true of the row afterwards: `is being synced`. */
  done: string
  /** What was tried: `Sync`. */
  what: string
}

/** Starts an action of a table's row and says what came of it. The stream brings the row's new state. */
export function useRowAction<T extends Named>() {
  const { mutate } = useMutation({
    mutationFn: ({ row, run }: Run<T>) => run(row),
    onSuccess: (_, { row, done }) => notifications.show({ message: `${row.name} ${done}` }),
    onError: (error, { row, what }) =>
      notifications.show({ color: 'red.9', title: `${what} of ${row.name} was not possible`, message: error.message, autoClose: 10_000 }),
  })
  return mutate
}
