import { Anchor, Center, Code, Divider, Loader, Paper, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'

import { isSignedOut } from '../../api/problem'
import { sessionEnded, signIn } from '../../api/session'
import { paths } from '../../lib/paths'
import { Problem } from '../../ui/Problem'
import { TokenForm } from './TokenForm'

/** Signs in with a token, or by itself with the code of a one-time link (`#code=…`). */
export function SignInPage() {
  useDocumentTitle('Sign in · Pilothouse')
  const router = useRouter()
  const queries = useQueryClient()
  const { next } = useSearch({ from: '/sign-in' })
  const enter = () => {
    sessionEnded.set(false)
    queries.clear()
    router.history.replace(next ?? paths.releases)
  }
  const link = useLink(enter)
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder shadow="sm" p="xl" maw={460} w="100%">
        <Stack>
          <Stack gap={4}>
            <Title order={1} size="h2">
              Sign in to Pilothouse
            </Title>
            <Text size="sm" c="dimmed">
              You see and do here what the cluster allows you, under your own name.
            </Text>
          </Stack>
          {link.isPending ? (
            <Stack align="center" py="xl" gap="xs" role="status">
              <Loader aria-hidden />
              <Text size="sm">Signing in with the link…</Text>
            </Stack>
          ) : (
            <>
              {link.error && <Problem error={link.error} title={isSignedOut(link.error) ? 'This link does not work (any more)' : undefined} />}
              <Stack gap="xs" component="section" aria-labelledby="with-link">
                <Title order={2} size="h5" id="with-link">
                  With a link
                </Title>
                <Text size="sm">
                  <Code>pilothouse up</Code> prints a line <Code>sign in:</Code> with a link that signs you in at once. It works once;
                  start <Code>pilothouse up</Code> again for another.
                </Text>
              </Stack>
              <Divider label="or" labelPosition="center" />
              <Stack gap="xs" component="section" aria-labelledby="with-token">
                <Title order={2} size="h5" id="with-token">
                  With a token
                </Title>
                <Text size="sm">
                  Any token that the cluster accepts. For a service account, <Code>kubectl create token NAME</Code> makes one;{' '}
                  <Anchor href="https://kubernetes.io/docs/reference/access-authn-authz/authentication/" target="_blank" rel="noreferrer" inherit underline="always">
                    other kinds
                  </Anchor>{' '}
                  are in the documentation of Kubernetes.
                </Text>
                <TokenForm onSignedIn={enter} />
              </Stack>
            </>
          )}
        </Stack>
      </Paper>
    </Center>
  )
}

/** Redeems the code in the address, once. */
function useLink(enter: () => void) {
  const attempt = useMutation({ mutationFn: signIn, onSuccess: enter })
  const { mutate } = attempt
  const redeemed = useRef(false)
  useEffect(() => {
    const redeem = () => {
      const code = new URLSearchParams(window.location.hash.slice(1)).get('code')
      if (!code) return
      // The code must not stay in the history.
      window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search)
      mutate({ code })
    }
    if (!redeemed.current) redeem()
    redeemed.current = true
    // A second link pasted into the same tab changes only the hash.
    window.addEventListener('hashchange', redeem)
    return () => window.removeEventListener('hashchange', redeem)
  }, [mutate])
  return attempt
}
