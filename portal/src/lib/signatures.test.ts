import { expect, it } from 'vitest'

import { attachedKinds } from './signatures'

it('names what is attached to a chart', () => {
  expect(
    attachedKinds([
      'application/vnd.dev.cosign.simplesigning.v1+json',
      'application/vnd.dev.cosign.artifact.sig.v1+json',
      'application/vnd.cncf.notary.signature',
      'application/vnd.example',
    ]),
  ).toEqual(['Cosign signature', 'Notation signature', 'application/vnd.example'])
})
