import { Alert, Skeleton, Stack, UnstyledButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { visible } from '../../lib/visible'
import { CodeEditor } from '../../ui/CodeEditor'
import { Problem } from '../../ui/Problem'
import classes from './ChartFiles.module.css'
import { Nothing } from './Nothing'
import { chartFiles, type FileKind, type Origin, type Version } from './queries'

const words: Record<FileKind, { label: string; none: string; folder: string }> = {
  templates: { label: 'Templates', none: 'This chart has no templates.', folder: 'templates/' },
  crds: { label: 'CRDs', none: 'This chart brings no CRDs.', folder: 'crds/' },
}

type Props = { origin: Origin; version: Version; kind: FileKind; paths: string[] }

/** The files of a chart, and the content of the chosen one. */
export function ChartFiles({ origin, version, kind, paths }: Props) {
  const [chosen, setChosen] = useState(paths.find((path) => /\.ya?ml$/.test(path)) ?? paths[0])
  const { label, none, folder } = words[kind]
  if (chosen === undefined) return <Nothing>{none}</Nothing>
  return (
    <div className={classes.files}>
      <ul className={classes.list} aria-label={label}>
        {paths.map((path) => (
          <li key={path}>
            <UnstyledButton className={classes.file} aria-current={path === chosen || undefined} onClick={() => setChosen(path)}>
              {visible(path.startsWith(folder) ? path.slice(folder.length) : path)}
            </UnstyledButton>
          </li>
        ))}
      </ul>
      <Content key={chosen} path={chosen} origin={origin} version={version} kind={kind} />
    </div>
  )
}

function Content({ path, origin, version, kind }: Omit<Props, 'paths'> & { path: string }) {
  const files = useQuery(chartFiles(origin, version, kind))
  if (files.error) return <Problem error={files.error} retry={() => void files.refetch()} />
  if (files.isPending) return <Skeleton height={240} />
  const file = files.data.find((one) => one.path === path)
  if (!file) return <Nothing>The archive holds no such file.</Nothing>
  return (
    <Stack gap="xs" miw={0}>
      {file.truncated && <Alert color="gray">Only the first 1 MiB of this file is shown.</Alert>}
      <CodeEditor label={visible(path)} language="text" readOnly value={file.content} minHeight={240} maxHeight="70vh" />
    </Stack>
  )
}
