import { Button, Center, Code, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState, type FormEvent } from 'react'

import { answer, client } from '../../api/client'
import { paths } from '../../lib/paths'
import { Problem } from '../../ui/Problem'

/** Signs in with a token, or by itself with the code of a one-time link (`#code=…`). */
export function SignInPage() {
  const [token, setToken] = useState('')
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { next } = useSearch({ from: '/sign-in' })
  const signIn = useMutation({
    mutationFn: (body: { token?: string; code?: string }) => answer(client.POST('/api/v1/session', { body })),
    onSuccess: async () => {
      queries.clear()
      await navigate({ to: next ?? paths.releases, replace: true })
    },
  })
  const { mutate } = signIn
  const opened = useRef(false)
  useEffect(() => {
    const code = new URLSearchParams(window.location.hash.slice(1)).get('code')
    if (!code || opened.current) return
    opened.current = true
    // The code must not stay in the history.
    window.history.replaceState(null, '', window.location.pathname + window.location.search)
    mutate({ code })
  }, [mutate])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    mutate({ token })
  }
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder shadow="sm" p="xl" maw={440} w="100%">
        <form onSubmit={submit}>
          <Stack>
            <Title order={1} size="h2">
              Pilothouse
            </Title>
            <Text size="sm" c="dimmed">
              Sign in with a token that the cluster accepts. <Code>pilothouse up</Code> prints a link that signs you in
              at once; elsewhere, <Code>kubectl create token NAME</Code> makes one.
            </Text>
            <PasswordInput
              label="Token"
              autoComplete="off"
              required
              data-autofocus
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
            />
            {signIn.error && <Problem error={signIn.error} />}
            <Button type="submit" loading={signIn.isPending}>
              Sign in
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  )
}
