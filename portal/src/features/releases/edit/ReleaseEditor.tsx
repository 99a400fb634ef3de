import { Alert, Button, Group, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useMemo, useRef, useState, type FormEvent } from 'react'

import type { Schemas } from '../../../api/client'
import { GuardedButton } from '../../../ui/Guarded'
import { IntervalInput } from '../../../ui/IntervalInput'
import { NamespaceField } from '../../../ui/NamespaceField'
import { PageHead, type Crumb } from '../../../ui/PageHead'
import { differences, fieldNames, mergeForms, releaseNameOf, type Field, type ReleaseForm } from '../form'
import { fixedProblems, fromManifest, toManifest, type FromManifest } from '../manifest'
import { PreviewDrawer } from '../preview/PreviewDrawer'
import { RenderProblem } from '../preview/RenderProblem'
import { AdvancedFields } from './AdvancedFields'
import { ChartFields } from './ChartFields'
import { fieldErrors, manifestErrors } from './fieldErrors'
import { fixedField } from './fixedField'
import { ManifestField } from './ManifestField'
import { useChart } from './useChart'
import { useLeaveGuard } from './useLeaveGuard'
import { ValuesFields } from './ValuesFields'

/** The release as it is stored: what the form began with, and what the cluster calls that. */
export type Stored = { form: ReleaseForm; resourceVersion?: string }

type Props = {
  title: string
  crumbs: Crumb[]
  /** The release as it is stored now; for a new one, what the form begins with. */
  stored: Stored
  /** What the form begins with instead, for example another version. */
  start?: Partial<ReleaseForm>
  /** The release exists: what cannot be changed is disabled, and a change is looked at before it is made. */
  fixed: boolean
  namespace: string
  /** Chooses the namespace, where the page has to ask for it. */
  onNamespace?: (namespace: string) => void
  asksNamespace?: boolean
  action: string
  /** Why the signed-in person may not do it. */
  reason?: string
  initialView?: 'form' | 'yaml'
  initialDefaults?: boolean
  render: (form: ReleaseForm, namespace: string, base: Stored) => Promise<Schemas['Preview']>
  save: (form: ReleaseForm, namespace: string, base: Stored) => Promise<unknown>
  onSaved: (form: ReleaseForm, namespace: string) => void
  onCancel: () => void
}

type Read = { form: ReleaseForm; namespace: string }

/** Adds or changes a release, in fields or as YAML. */
export function ReleaseEditor(props: Props) {
  const { stored, fixed, namespace, action, reason } = props
  const navigate = useNavigate()
  const [base, setBase] = useState(stored)
  const form = useForm<ReleaseForm>({ initialValues: { ...stored.form, ...props.start } })
  const [named, setNamed] = useState(stored.form.releaseName !== '')
  const [noNamespace, setNoNamespace] = useState<string>()
  const [text, setText] = useState(() =>
    props.initialView === 'yaml' ? toManifest({ ...stored.form, ...props.start }, namespace).text : undefined,
  )
  const [failure, setFailure] = useState<{ error: unknown; form: ReleaseForm; text?: string }>()
  const [reviewing, setReviewing] = useState(false)
  const [defaultsShown, setDefaultsShown] = useState(props.initialDefaults ?? false)
  const page = useRef<HTMLFormElement>(null)

  const read = useMemo(() => (text === undefined ? undefined : checked(text, fixed ? base.form : undefined)), [text, fixed, base])
  const current = text === undefined ? form.values : read?.form
  const unsaved = current ? differences(base.form, current).length > 0 : true
  const guard = useLeaveGuard(unsaved)
  const chosen = useChart(current ?? form.values, namespace)
  const marks = useMemo(() => (failure ? fieldErrors(failure.error, failure.form).marks : {}), [failure])
  const manifestMarks = useMemo(
    () => (failure && text !== undefined && failure.text === text ? manifestErrors(failure.error, text, failure.form) : []),
    [failure, text],
  )

  /** What is to be sent; nothing while something is missing that only this page can tell. */
  const gather = (): Read | undefined => {
    if (text === undefined) {
      if (namespace !== '') return { form: { ...form.values, releaseName: releaseNameOf(form.values) }, namespace }
      setNoNamespace('Choose the namespace of the release.')
      focusFault()
      return undefined
    }
    if (!read?.form) return undefined
    return { form: read.form, namespace: read.namespace || namespace }
  }

  const failed = (error: unknown, sent: Read) => {
    setFailure({ error, form: sent.form, text })
    const { fields } = fieldErrors(error, sent.form)
    setNoNamespace(fields.namespace)
    form.setErrors(fields)
    focusFault()
  }
  /** The first field at fault is where to go on. */
  const focusFault = () => requestAnimationFrame(() => page.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())

  const preview = useMutation({
    mutationFn: (sent: Read) => props.render(sent.form, sent.namespace, base),
    onError: failed,
    onSuccess: () => setFailure(undefined),
  })
  const saving = useMutation({
    // A change of the status alone makes the object newer, but not what is edited.
    mutationFn: (sent: Read) => props.save(sent.form, sent.namespace, theirs.length === 0 ? { ...base, resourceVersion: stored.resourceVersion } : base),
    onError: failed,
    onSuccess: (_, sent) => {
      guard.release()
      props.onSaved(sent.form, sent.namespace)
    },
  })

  const theirs = fixed ? differences(base.form, stored.form) : []
  const takeOver = () => {
    const merged = mergeForms(base.form, current ?? form.values, stored.form)
    form.setValues(merged.form)
    if (text !== undefined) setText(toManifest(merged.form, namespace).text ?? text)
    setBase(stored)
    setKept(merged.both)
  }
  const [kept, setKept] = useState<Field[]>([])

  const review = () => {
    const sent = gather()
    if (!sent) return
    saving.reset()
    setReviewing(true)
    preview.mutate(sent)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (fixed) return review()
    const sent = gather()
    if (sent && !saving.isPending) saving.mutate(sent)
  }

  const show = (view: string) => {
    if (view === 'yaml' && text === undefined) {
      const made = toManifest(form.values, namespace)
      if (made.problems) return form.setErrors(made.problems)
      setText(made.text)
    } else if (view === 'form' && text !== undefined) {
      if (!read?.form) return
      form.setValues(read.form)
      form.clearErrors()
      setNamed(true)
      if (read.namespace !== '' && read.namespace !== namespace) props.onNamespace?.(read.namespace)
      setText(undefined)
    }
    void navigate({ to: '.', search: (before) => ({ ...before, view: view === 'yaml' ? ('yaml' as const) : undefined }), replace: true })
  }

  const others = failure ? fieldErrors(failure.error, failure.form) : undefined
  const placed = others !== undefined && others.others.length === 0 && Object.keys(others.fields).length > 0
  return (
    <Stack maw={1280}>
      <PageHead
        title={props.title}
        crumbs={props.crumbs}
        actions={
          <SegmentedControl
            aria-label="View"
            size="xs"
            data={[
              { value: 'form', label: 'Form' },
              { value: 'yaml', label: 'YAML' },
            ]}
            value={text === undefined ? 'form' : 'yaml'}
            onChange={show}
          />
        }
      />
      {theirs.length > 0 && <Foreign fields={theirs} onTakeOver={takeOver} />}
      {kept.length > 0 && (
        <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} title="Both of you changed the same" withCloseButton onClose={() => setKept([])} closeButtonLabel="Close">
          {kept.map((field) => fieldNames[field]).join(', ')}: what you entered stays. The preview shows what that changes.
        </Alert>
      )}
      <form ref={page} onSubmit={submit} noValidate>
        <Stack>
          {text === undefined ? (
            <>
              <SimpleGrid cols={{ base: 1, sm: props.asksNamespace ? 2 : 3, lg: props.asksNamespace ? 4 : 3 }} verticalSpacing="md">
                {props.asksNamespace && (
                  <NamespaceField
                    value={namespace}
                    onChange={(chosen) => {
                      setNoNamespace(undefined)
                      props.onNamespace?.(chosen)
                    }}
                    error={noNamespace}
                  />
                )}
                <TextInput label="Name" required={!fixed} disabled={fixed} styles={fixed ? fixedField : undefined} autoComplete="off" spellCheck={false} data-autofocus {...form.getInputProps('name')} />
                <TextInput
                  label="Release Name"
                  disabled={fixed}
                  styles={fixed ? fixedField : undefined}
                  autoComplete="off"
                  spellCheck={false}
                  value={named ? form.values.releaseName : form.values.name}
                  onChange={(event) => {
                    setNamed(true)
                    form.setFieldValue('releaseName', event.currentTarget.value)
                  }}
                  error={form.errors.releaseName}
                />
                <IntervalInput
                  label="Interval (MM:SS)"
                  value={form.values.interval}
                  onChange={(interval) => form.setFieldValue('interval', interval)}
                  error={form.errors.interval}
                />
              </SimpleGrid>
              <ChartFields form={form} namespace={namespace} fixed={fixed} about={chosen.chart?.description} />
              <ValuesFields
                form={form}
                marks={marks}
                chart={chosen.chart}
                pending={chosen.pending}
                error={chosen.error}
                shown={defaultsShown}
                onShown={setDefaultsShown}
              />
              <AdvancedFields form={form} marks={marks} fixed={fixed} errors={ADVANCED.some((field) => form.errors[field])} />
            </>
          ) : (
            <ManifestField text={text} onChange={setText} read={read} marks={manifestMarks} chart={chosen.chart} />
          )}
          {failure !== undefined && !reviewing && failure.text === text && (!placed || text !== undefined) && (
            <RenderProblem error={failure.error} />
          )}
          {!reviewing && placed && text === undefined && Object.keys(form.errors).length > 0 && (
            <Text size="sm" c="var(--mantine-color-error)" role="alert">
              See the messages at the fields above.
            </Text>
          )}
          {reason && (
            <Text size="sm" ta="right">
              {reason}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="outline" onClick={props.onCancel}>
              Cancel
            </Button>
            {!fixed && (
              <Button variant="default" disabled={text !== undefined && !read?.form} onClick={review}>
                Preview
              </Button>
            )}
            <GuardedButton type="submit" reason={reason} loading={saving.isPending && !reviewing} disabled={text !== undefined && !read?.form}>
              {action}
            </GuardedButton>
          </Group>
        </Stack>
      </form>
      <PreviewDrawer
        opened={reviewing}
        onClose={() => setReviewing(false)}
        title={fixed ? `What changes in ${base.form.name}` : 'What would be deployed'}
        fileName={(current ?? form.values).name || 'release'}
        preview={preview.data}
        pending={preview.isPending}
        error={preview.error}
        retry={review}
        confirm={{
          label: action,
          reason: reason ?? (fixed && !unsaved ? 'Nothing was changed in the form.' : undefined),
          pending: saving.isPending,
          error: saving.error,
          run: () => {
            const sent = gather()
            if (sent) saving.mutate(sent)
          },
        }}
      />
      {guard.dialog}
    </Stack>
  )
}

/** Fields that are folded away. */
const ADVANCED: Field[] = ['targetNamespace', 'timeout', 'valuesFiles', 'suspended', 'advanced']

/** A manifest as a form; of a release that exists, what cannot be changed is told as well. */
function checked(text: string, before: ReleaseForm | undefined): FromManifest {
  const read = fromManifest(text)
  if (!read.form || !before) return read
  const problems = fixedProblems(before, read.form)
  return problems.length > 0 ? { problems } : read
}

function Foreign({ fields, onTakeOver }: { fields: Field[]; onTakeOver: () => void }) {
  return (
    <Alert role="status" color="orange" icon={<IconAlertTriangle aria-hidden />} title="Somebody else changed this release meanwhile">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          Changed: {fields.map((field) => fieldNames[field]).join(', ')}. Take it over before you update; what you entered is
          kept.
        </Text>
        <Button size="xs" variant="default" onClick={onTakeOver}>
          Take over their changes
        </Button>
      </Stack>
    </Alert>
  )
}
