import { Badge, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { ProblemError } from '../../api/problem'
import { attachedKinds } from '../../lib/signatures'
import { ago, exact } from '../../lib/time'
import { visible } from '../../lib/visible'
import classes from './AboutChart.module.css'
import { CopyText } from './CopyText'
import { OutsideLink } from './OutsideLink'
import { signatures, type ChartDetail, type Origin } from './queries'

/** What is known of a version besides its content: versions, digests, signatures, people and links. */
export function AboutChart({ origin, detail }: { origin: Origin; detail: ChartDetail }) {
  const facts: [string, ReactNode][] = [
    ['App version', detail.appVersion && visible(detail.appVersion)],
    ['Kubernetes', detail.kubeVersion && visible(detail.kubeVersion)],
    ['Type', detail.type],
    ['Created', detail.created && <time dateTime={detail.created} title={exact(detail.created)}>{ago(detail.created)}</time>],
    ['Signatures', <SignatureState key="signatures" origin={origin} detail={detail} />],
    ['Digest of the archive', detail.digest && <Digest digest={detail.digest} what="digest of the archive" />],
    ['Digest of the manifest', detail.manifestDigest && <Digest digest={detail.manifestDigest} what="digest of the manifest" />],
    ['Maintainers', detail.maintainers.length > 0 && <Maintainers people={detail.maintainers} />],
    ['Home', detail.home && <OutsideLink url={detail.home} />],
    ['Sources', detail.sources.length > 0 && <Links urls={detail.sources} />],
    ['Icon (not loaded)', detail.icon && <OutsideLink url={detail.icon} />],
    ['Keywords', detail.keywords.length > 0 && <Keywords words={detail.keywords} />],
    ['Annotations', Object.keys(detail.annotations).length > 0 && <Annotations of={detail.annotations} />],
  ]
  return (
    <Stack gap="md" component="section" aria-labelledby="about-chart">
      <Title order={2} size="h4" id="about-chart">
        About this version
      </Title>
      <dl className={classes.facts}>
        {facts
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <div key={label}>
              <Text component="dt" size="xs" c="dimmed">
                {label}
              </Text>
              <Text component="dd" size="sm" className={classes.value}>
                {value}
              </Text>
            </div>
          ))}
      </dl>
    </Stack>
  )
}

/** Whether the version is signed, in words; it never says that a signature is good. */
function SignatureState({ origin, detail }: { origin: Origin; detail: ChartDetail }) {
  const found = useQuery(signatures(origin, detail))
  if (found.isPending) return <Skeleton height={18} width="80%" />
  if (found.error) {
    const why = found.error instanceof ProblemError ? found.error.problem.detail : found.error.message
    return <>Not known: {why}</>
  }
  const kinds = attachedKinds(found.data.kinds)
  const note = sentence(found.data.note)
  if (!found.data.looked || kinds.length === 0) return note
  return (
    <Stack gap={4} component="span">
      <Group gap={4} component="span">
        {kinds.map((kind) => (
          <Badge key={kind} component="span" color="blue.9" variant="filled" tt="none">
            {kind}
          </Badge>
        ))}
      </Group>
      <span>{note}</span>
    </Stack>
  )
}

const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`

function Digest({ digest, what }: { digest: string; what: string }) {
  return (
    <span className={classes.digest}>
      {digest}
      <CopyText text={digest} what={what} />
    </span>
  )
}

function Maintainers({ people }: { people: ChartDetail['maintainers'] }) {
  return (
    <ul className={classes.list}>
      {people.map(({ name, email, url }, place) => {
        const target = url || (email ? `mailto:${email}` : '')
        return <li key={place}>{target ? <OutsideLink url={target}>{name || email || url}</OutsideLink> : visible(name)}</li>
      })}
    </ul>
  )
}

function Links({ urls }: { urls: string[] }) {
  return (
    <ul className={classes.list}>
      {urls.map((url, place) => (
        <li key={place}>
          <OutsideLink url={url} />
        </li>
      ))}
    </ul>
  )
}

function Keywords({ words }: { words: string[] }) {
  return <>{words.slice(0, 40).map(visible).join(', ')}</>
}

function Annotations({ of }: { of: Record<string, string> }) {
  return (
    <ul className={classes.list}>
      {Object.entries(of).map(([key, value]) => (
        <li key={key}>
          <Text size="xs" c="dimmed" span>
            {visible(key)}
          </Text>
          <Text size="xs" lineClamp={6} style={{ whiteSpace: 'pre-line' }}>
            {visible(value)}
          </Text>
        </li>
      ))}
    </ul>
  )
}
