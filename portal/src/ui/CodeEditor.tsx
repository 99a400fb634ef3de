import { Input, Skeleton, VisuallyHidden } from '@mantine/core'
import { lazy, Suspense, useId, type ReactNode } from 'react'

const Editor = lazy(() => import('./editor/Editor'))

export type CodeEditorProps = {
  label: ReactNode
  description?: ReactNode
  value: string
  onChange?: (value: string) => void
  readOnly?: boolean
  language: 'yaml' | 'json' | 'text'
  /** JSON schema of the text's value: completes keys and values, explains them, and finds what does not fit. */
  schema?: object
  error?: ReactNode
  /** Messages at lines, counted from 1. */
  marks?: { line: number; message: string }[]
  minHeight?: number | string
  maxHeight?: number | string
}

/** A field for text with a syntax. Tab indents; Escape and then Tab leaves it. */
export function CodeEditor(props: CodeEditorProps) {
  const { label, description, error, readOnly, minHeight = 160, maxHeight = 480 } = props
  const id = useId()
  const described = [
    description ? `${id}-description` : '',
    error ? `${id}-error` : '',
    readOnly ? '' : `${id}-keys`,
  ].filter(Boolean)
  return (
    <Input.Wrapper
      id={id}
      labelElement="div"
      label={label}
      description={description}
      error={error}
      labelProps={{ id: `${id}-name` }}
      descriptionProps={{ id: `${id}-description`, mb: 6 }}
      errorProps={{ id: `${id}-error`, mt: 6, style: { whiteSpace: 'pre-line', overflowWrap: 'anywhere' } }}
    >
      <Suspense fallback={<Skeleton height={minHeight} mt={4} />}>
        <Editor
          {...props}
          minHeight={minHeight}
          maxHeight={maxHeight}
          labelId={`${id}-name`}
          describedBy={described.join(' ') || undefined}
        />
      </Suspense>
      {!readOnly && (
        <VisuallyHidden id={`${id}-keys`}>
          Tab indents; press Escape and then Tab to leave. Control and Space completes.
        </VisuallyHidden>
      )}
    </Input.Wrapper>
  )
}
