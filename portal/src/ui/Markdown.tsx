import { Alert, Skeleton, Stack } from '@mantine/core'
import { lazy, Suspense } from 'react'

import { visible } from '../lib/visible'
import classes from './Markdown.module.css'

const MarkdownBody = lazy(() => import('./MarkdownBody'))

/** Longest text that is formatted, in characters. */
const MAX_FORMATTED = 256 * 1024

/**
 * Markdown of a stranger: HTML is left out, pictures become links, links lead to http, https and mailto only.
 * What cannot be formatted in a moment is shown as it was written.
 */
export function Markdown({ text }: { text: string }) {
  if (text.length > MAX_FORMATTED) return <Plain text={text} because="It is too long to be formatted" />
  return (
    <Suspense fallback={<Loading />}>
      <MarkdownBody
        text={text}
        loading={<Loading />}
        instead={<Plain text={text} because="It is built in a way that cannot be formatted" />}
      />
    </Suspense>
  )
}

function Plain({ text, because }: { text: string; because: string }) {
  return (
    <Stack>
      <Alert color="gray">{because}, so it is shown as it was written.</Alert>
      <pre className={classes.plain} tabIndex={0}>
        {visible(text)}
      </pre>
    </Stack>
  )
}

function Loading() {
  return (
    <Stack gap="xs" aria-hidden>
      <Skeleton height={28} width="45%" />
      <Skeleton height={14} />
      <Skeleton height={14} width="92%" />
      <Skeleton height={14} width="70%" />
    </Stack>
  )
}
