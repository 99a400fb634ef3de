import { expect, test } from 'vitest'

import { formHint } from './formHint'

test('hints speak of the form, not of the object’s fields', () => {
  expect(formHint('check whether the registry speaks TLS on this port; for plain HTTP set `insecure: true`')).toContain(
    'switch on “Plain HTTP”',
  )
  expect(formHint('add the certificate authority as `ca.crt` in a Secret and name it in `certSecretRef`')).toBe(
    'add the certificate authority under Advanced, Certificates',
  )
  expect(formHint('check user name, password or token in the Secret named in `secretRef`, and whether they expired')).toBe(
    'check user name, password or token, and whether they expired',
  )
})
