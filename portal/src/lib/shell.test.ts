import { expect, it } from 'vitest'

import { command, shellWord } from './shell'

it.each([
  ['oci://ghcr.io/my-org/charts/web', 'oci://ghcr.io/my-org/charts/web'],
  ['1.2.0+build.7', '1.2.0+build.7'],
  ['web; rm -rf ~', "'web; rm -rf ~'"],
  ['$(id)', "'$(id)'"],
  ["it's", String.raw`'it'\''s'`],
  ['a\nb', "'a\nb'"],
  ['--post-renderer=x', "'--post-renderer=x'"],
  ['', "''"],
])('writes %j as the shell reads it', (word, written) => expect(shellWord(word)).toBe(written))

it('puts a command together', () => {
  expect(command('helm install', ['web', 'oci://a/b c'], [['--version', '1.0.0'], ['--plain-http']])).toBe(
    "helm install web 'oci://a/b c' --version 1.0.0 --plain-http",
  )
})
