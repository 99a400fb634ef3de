import { Typography } from '@mantine/core'
import type { Root } from 'hast'
import { toJsxRuntime } from 'hast-util-to-jsx-runtime'
import { useEffect, useState, type ReactNode } from 'react'
import { Fragment, jsx, jsxs } from 'react/jsx-runtime'

import classes from './Markdown.module.css'

/** Longest time a text may take to be read; longer, and it is shown as it was written. */
const MAX_MS = 3_000

type Read = { text: string; tree?: Root }

/** Reads the text in a worker, which can be stopped; gives nothing while it reads. */
function useTree(text: string): Read | undefined {
  const [read, setRead] = useState<Read>()
  useEffect(() => {
    const worker = new Worker(new URL('../lib/readmeWorker.ts', import.meta.url), { type: 'module' })
    const end = (tree?: Root) => {
      window.clearTimeout(timer)
      worker.terminate()
      setRead({ text, tree })
    }
    const timer = window.setTimeout(() => end(), MAX_MS)
    worker.addEventListener('message', ({ data }: MessageEvent<Root | undefined>) => end(data))
    worker.addEventListener('error', () => end())
    worker.postMessage(text)
    return () => {
      window.clearTimeout(timer)
      worker.terminate()
    }
  }, [text])
  return read?.text === text ? read : undefined
}

/** Markdown as React elements; HTML in it is left out, and none is ever parsed. */
export default function MarkdownBody({ text, loading, instead }: { text: string; loading: ReactNode; instead: ReactNode }) {
  const read = useTree(text)
  if (!read) return loading
  if (!read.tree) return instead
  return (
    <Typography className={classes.body}>{toJsxRuntime(read.tree, { Fragment, jsx, jsxs })}</Typography>
  )
}
