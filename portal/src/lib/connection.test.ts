import { describe, expect, test } from 'vitest'

import {
  certificateRequest,
  connectionProblems,
  credentialsRequest,
  noCertificate,
  noCredentials,
  providerOf,
} from './connection'

const form = (credentials: Partial<typeof noCredentials>, certificate: Partial<typeof noCertificate> = {}) => ({
  credentials: { ...noCredentials, ...credentials },
  certificate: { ...noCertificate, ...certificate },
})

describe('credentials', () => {
  test('what the chosen kind does not use stays behind', () => {
    const typed = { username: 'robot', password: 'one', token: 'two', dockerConfig: '{}', secretName: 'pull' }
    const request = (kind: typeof noCredentials.kind) => credentialsRequest({ ...noCredentials, ...typed, kind })
    expect(request('none')).toBeUndefined()
    expect(request('provider')).toBeUndefined()
    expect(request('basic')).toEqual({ kind: 'basic', username: 'robot', password: 'one' })
    expect(request('bearer')).toEqual({ kind: 'bearer', token: 'two' })
    expect(request('secret')).toEqual({ kind: 'secret', secretName: 'pull' })
    expect(request('keep')).toEqual({ kind: 'secret', secretName: 'pull' })
  })

  test('a provider counts only where it is chosen', () => {
    expect(providerOf({ ...noCredentials, provider: 'gcp' })).toBe('generic')
    expect(providerOf({ ...noCredentials, kind: 'provider', provider: 'gcp' })).toBe('gcp')
  })

  test('each kind needs its own fields', () => {
    const fields = (credentials: Partial<typeof noCredentials>) => Object.keys(connectionProblems(form(credentials)))
    expect(fields({})).toEqual([])
    expect(fields({ kind: 'basic' })).toEqual(['credentials.username', 'credentials.password'])
    expect(fields({ kind: 'bearer' })).toEqual(['credentials.token'])
    expect(fields({ kind: 'secret' })).toEqual(['credentials.secretName'])
    expect(fields({ kind: 'dockerConfig', dockerConfig: '{"auths":{}}' })).toEqual(['credentials.dockerConfig'])
    expect(fields({ kind: 'dockerConfig', dockerConfig: '{"auths":{"ghcr.io":{"auth":"eDp5"}}}' })).toEqual([])
  })

  test('a stored user name may be left out', () => {
    expect(connectionProblems(form({ kind: 'basic', password: 'new' }), { username: true })).toEqual({})
  })

  test('no message quotes a secret', () => {
    const found = connectionProblems(form({ kind: 'dockerConfig', dockerConfig: 'hunter2' }))
    expect(JSON.stringify(found)).not.toContain('hunter2')
  })
})

describe('certificates', () => {
  const pem = (word: string) => `-----BEGIN ${word}-----\nMII\n-----END ${word}-----`

  test('a key needs its certificate', () => {
    expect(connectionProblems(form({}, { kind: 'paste', clientKey: pem('PRIVATE KEY') }))).toEqual({
      'certificate.clientKey': 'A client certificate and its key come together',
    })
  })

  test('only PEM is taken', () => {
    expect(Object.keys(connectionProblems(form({}, { kind: 'paste', authority: 'MII' })))).toEqual(['certificate.authority'])
    expect(connectionProblems(form({}, { kind: 'paste', authority: pem('CERTIFICATE') }))).toEqual({})
  })

  test('what was pasted is sent only where pasting is chosen', () => {
    expect(certificateRequest({ ...noCertificate, authority: 'x' })).toBeUndefined()
    expect(certificateRequest({ ...noCertificate, kind: 'secret', authority: 'x', secretName: 'tls' })).toEqual({
      secretName: 'tls',
    })
  })
})
