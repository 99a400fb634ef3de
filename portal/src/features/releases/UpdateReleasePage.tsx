import { Skeleton, Stack } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'

import { isNotFound, ProblemError } from '../../api/problem'
import { useRights } from '../../api/rights'
import { paths } from '../../lib/paths'
import { PageHead } from '../../ui/PageHead'
import { Problem } from '../../ui/Problem'
import { DeletedNote } from '../../ui/registry/Gone'
import { ReleaseEditor, type Stored } from './edit/ReleaseEditor'
import { differences, formOf, toUpdate, type ReleaseForm } from './form'
import { previewUpdate, release, updateRelease, type ReleaseDetail } from './queries'

const AT = '/signed-in/k8s/helm/release/$namespace/$name/edit'

/** Changes a release; what that changes in the cluster is shown before it is done. */
export function UpdateReleasePage() {
  const { namespace, name } = useParams({ from: AT })
  const one = useQuery(release(namespace, name))
  const crumbs = [
    { label: 'Kubernetes' },
    { label: 'Helm' },
    { label: 'Release', to: paths.releases },
    { label: `Edit ${name}` },
  ]
  if (one.data) {
    return (
      <Stack>
        {isNotFound(one.error) && <DeletedNote name={name} />}
        <Editor key={one.data.uid} data={one.data} crumbs={crumbs} />
      </Stack>
    )
  }
  return (
    <Stack maw={1280}>
      <PageHead title={`Update Helm Release ${name}`} crumbs={crumbs} />
      {one.error ? <Problem error={one.error} retry={() => void one.refetch()} /> : <Skeleton height={480} />}
    </Stack>
  )
}

/** Times that a change is tried again because only the status moved. */
const MAX_TRIES = 3

function Editor({ data, crumbs }: { data: ReleaseDetail; crumbs: { label: string; to?: string }[] }) {
  const { namespace, name } = data
  const search = useSearch({ from: AT })
  const navigate = useNavigate()
  const queries = useQueryClient()
  const rights = useRights(namespace)
  const stored = useMemo<Stored>(() => ({ form: formOf(data), resourceVersion: data.resourceVersion }), [data])
  // A link may choose the version to update to.
  const [start] = useState(() => (search.version && search.version !== stored.form.version ? { version: search.version } : undefined))

  const save = async (form: ReleaseForm, _: string, base: Stored) => {
    let { resourceVersion } = base
    for (let tries = 1; ; tries += 1) {
      try {
        return await updateRelease({ namespace, name }, toUpdate(base.form, form, resourceVersion))
      } catch (error) {
        if (!(error instanceof ProblemError) || error.status !== 409 || tries >= MAX_TRIES) throw error
        const fresh = await queries.fetchQuery({ ...release(namespace, name), staleTime: 0 })
        // Somebody changed what is edited: that is to be looked at first.
        if (differences(base.form, formOf(fresh)).length > 0) throw error
        resourceVersion = fresh.resourceVersion
      }
    }
  }
  const back = () => void navigate({ to: paths.release, params: { namespace, name }, search: { namespace: search.namespace } })
  return (
    <ReleaseEditor
      title={`Update Helm Release ${name}`}
      crumbs={crumbs}
      stored={stored}
      start={start}
      fixed
      namespace={namespace}
      action="Update"
      reason={rights.reason('patch', 'releases')}
      initialView={search.view}
      render={(form, _, base) => previewUpdate({ namespace, name }, toUpdate(base.form, form))}
      save={save}
      onSaved={() => {
        void queries.invalidateQueries({ queryKey: ['releases'] })
        back()
      }}
      onCancel={back}
    />
  )
}
