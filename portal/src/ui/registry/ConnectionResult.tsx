import { Alert, List, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react'

import type { Schemas } from '../../api/client'
import { sentence } from '../../lib/fields'
import { authenticationWords, counted, familyName, methodName } from '../../lib/registryWords'

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
        {report.hint && <Text size="sm">{sentence(report.hint)}.</Text>}
        <List size="sm" spacing={2}>
          {report.registry && (
            <List.Item>
              {familyName(report.registry)} answered in {duration(report.milliseconds)},{' '}
              {authenticationWords(report.authentication)}
            </List.Item>
          )}
          {!report.registry && <List.Item>Tried {authenticationWords(report.authentication)}, {duration(report.milliseconds)}</List.Item>}
          {report.method && (
            <List.Item>
              {report.complete ? 'The list is complete' : 'The list may not be complete'}; it comes from{' '}
              {methodName(report.method)}
            </List.Item>
          )}
          {report.detail && <List.Item>{sentence(report.detail)}</List.Item>}
          {report.digest && <List.Item style={{ overflowWrap: 'anywhere' }}>Digest {report.digest}</List.Item>}
          {report.requestsLeft !== null && report.requestsLeft !== undefined && (
            <List.Item>The registry allows {counted(report.requestsLeft, 'more request')} for now</List.Item>
          )}
          {report.names.length > 0 && <List.Item style={{ overflowWrap: 'anywhere' }}>{named(report)}</List.Item>}
        </List>
      </Stack>
    </Alert>
  )
}

function named({ names, charts }: Report): string {
  const shown = names.slice(0, SHOWN).join(', ')
  const more = charts - Math.min(names.length, SHOWN)
  return `Charts: ${shown}${more > 0 ? ` and ${more.toLocaleString('en-US')} more` : ''}`
}

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}
