import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'

import { useRights } from '../../api/rights'
import { paths } from '../../lib/paths'
import { ReleaseEditor } from './edit/ReleaseEditor'
import { emptyForm, toRequest } from './form'
import { createRelease, previewRelease } from './queries'

/** Deploys a chart: a new release. The address may choose source, chart and version. */
export function AddReleasePage() {
  const search = useSearch({ from: '/signed-in/k8s/helm/release/add' })
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [asks] = useState(search.namespace === undefined)
  const namespace = search.namespace ?? ''
  const rights = useRights(search.namespace)
  const stored = useMemo(
    () => ({
      form: {
        ...emptyForm,
        sourceKind: search.sourceKind ?? emptyForm.sourceKind,
        sourceName: search.source ?? '',
        sourceNamespace: search.sourceNamespace && search.sourceNamespace !== search.namespace ? search.sourceNamespace : '',
        chart: search.chart ?? '',
        version: search.version ?? '',
      },
    }),
    // What the address chose counts when the page opens; from then on the form does.
    // oxlint-disable-next-line react/exhaustive-deps
    [],
  )
  return (
    <ReleaseEditor
      title="Add Helm Release"
      crumbs={[{ label: 'Kubernetes' }, { label: 'Helm' }, { label: 'Release', to: paths.releases }, { label: 'Add' }]}
      stored={stored}
      fixed={false}
      namespace={namespace}
      asksNamespace={asks || search.namespace === undefined}
      onNamespace={(chosen) =>
        void navigate({ to: '.', search: (before) => ({ ...before, namespace: chosen || undefined }), replace: true })
      }
      action="Add"
      reason={namespace === '' ? undefined : rights.reason('create', 'releases')}
      initialView={search.view}
      initialDefaults={stored.form.chart !== ''}
      render={(form, at) => previewRelease(at, toRequest(form))}
      save={(form, at) => createRelease(at, toRequest(form))}
      onSaved={({ name }, at) => {
        void queries.invalidateQueries({ queryKey: ['releases'] })
        void navigate({ to: paths.release, params: { namespace: at, name: name.trim() }, search: { namespace: search.namespace } })
      }}
      onCancel={() => void navigate({ to: paths.releases, search: { namespace: search.namespace } })}
    />
  )
}
