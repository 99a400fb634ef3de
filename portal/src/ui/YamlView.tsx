import { Button, CopyButton, Group, Stack } from '@mantine/core'
import { IconCheck, IconCopy, IconDownload } from '@tabler/icons-react'

import classes from './YamlView.module.css'

/** A YAML text to read, copy and download. */
export function YamlView({ text, fileName }: { text: string; fileName: string }) {
  return (
    <Stack gap="xs">
      <Group gap="xs" justify="flex-end">
        <CopyButton value={text} timeout={2000}>
          {({ copied, copy }) => (
            <Button
              size="xs"
              variant="default"
              leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
              onClick={copy}
            >
              <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
            </Button>
          )}
        </CopyButton>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
          onClick={() => download(text, fileName)}
        >
          Download
        </Button>
      </Group>
      {/* Focusable, so that it scrolls by keyboard. */}
      <pre className={classes.text} tabIndex={0} role="region" aria-label={fileName}>
        {text}
      </pre>
    </Stack>
  )
}

function download(text: string, fileName: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }))
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  URL.revokeObjectURL(url)
}
