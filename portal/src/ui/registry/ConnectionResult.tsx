import { Alert, List, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react'

import type { Schemas } from '../../api/client'
import { sentence } from '../../lib/fields'
import { formHint } from '../../lib/formHint'
import { authenticationWords, budget, familyName, methodName } from '../../lib/registryWords'

type Report = Schemas['ConnectionReport']

/** Charts named before “and more”. */
const SHOWN = 8

/** What a test of the connection found, before anything is created. */
export function ConnectionResult({ report, stale }: { report: Report; stale: boolean }) {
  if (stale) {
    return (
      <Alert color="gray" role="status" title="The form has changed since the test">
        <Text size="sm">Test the connection again to see what it finds now.</Text>
      </Alert>
    )
  }
  const incomplete = report.success && !report.complete
  const Icon = report.success ? (incomplete ? IconAlertTriangle : IconCircleCheck) : IconCircleX
  return (
    <Alert
      role="status"
      color={report.success ? (incomplete ? 'orange' : 'green') : 'red'}
      icon={<Icon aria-hidden />}
      title={report.success ? sentence(report.message) : 'The test failed'}
    >
      <Stack gap={6}>
        {!report.success && (
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {sentence(report.message)}
          </Text>
        )}
        {report.hint && <Text size="sm">{ended(sentence(formHint(report.hint)))}</Text>}
        <List size="sm" spacing={2}>
          {findings(report).map((finding) => (
            <List.Item key={finding} style={{ overflowWrap: 'anywhere' }}>
              {finding}
            </List.Item>
          ))}
        </List>
      </Stack>
    </Alert>
  )
}

/** Why a test failed and what to do, for the field at fault. */
export function failureAtField({ message, hint }: Report): string {
  return [message, ...(hint ? [sentence(formHint(hint))] : [])].map(ended).join(' ')
}

function ended(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

/** Everything that came back, a line each. */
function findings(report: Report): string[] {
  const { registry, method, chart, detail, digest, rateLimit, mediaTypes = [], names, success } = report
  const way = authenticationWords(report.authentication)
  const took = duration(report.milliseconds)
  return [
    registry ? `${familyName(registry)} answered in ${took}, asked ${way}` : `Asked ${way}; it took ${took}`,
    chart && `Chart ${chart.name}, version ${chart.version}`,
    method && `${report.complete ? 'The list is complete' : 'The list may not be complete'}; it comes from ${methodName(method)}`,
    detail && sentence(detail),
    mediaTypes.length > 0 && `Layers: ${mediaTypes.join(', ')}`,
    digest && `Digest ${digest}`,
    budget(rateLimit),
    names.length > 0 && (success ? `Charts: ${listed(names, report.charts)}` : `There are: ${listed(names, names.length)}`),
  ].filter((line): line is string => typeof line === 'string')
}

function listed(names: string[], count: number): string {
  const more = Math.max(count, names.length) - Math.min(names.length, SHOWN)
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''}`
}

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}
