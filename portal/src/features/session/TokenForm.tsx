import { Button, PasswordInput, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'

import type { Schemas } from '../../api/client'
import { isSignedOut, ProblemError } from '../../api/problem'
import { signIn } from '../../api/session'
import { Problem } from '../../ui/Problem'

/** Signs in with a token. The token is forgotten as soon as it is sent. */
export function TokenForm({ onSignedIn }: { onSignedIn: (session: Schemas['Session']) => unknown }) {
  const [token, setToken] = useState('')
  const [empty, setEmpty] = useState(false)
  const attempt = useMutation({ mutationFn: signIn, onSuccess: onSignedIn })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setEmpty(token.trim() === '')
    if (token.trim() !== '') attempt.mutate({ token: token.trim() }, { onSettled: () => setToken('') })
  }
  const field = attempt.error instanceof ProblemError ? attempt.error.fields.token : undefined
  const refused = isSignedOut(attempt.error)
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <PasswordInput
          label="Token"
          autoComplete="off"
          required
          withAsterisk={false}
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the token', tabIndex: 0, 'aria-hidden': false }}
          value={token}
          error={empty ? 'Paste a token first.' : field}
          onChange={(event) => {
            setToken(event.currentTarget.value)
            setEmpty(false)
          }}
        />
        {attempt.error && !field && <Problem error={attempt.error} title={refused ? 'This token is not accepted' : undefined} />}
        <Button type="submit" loading={attempt.isPending}>
          Sign in
        </Button>
      </Stack>
    </form>
  )
}
