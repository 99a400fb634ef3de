const words: [part: string, kind: string][] = [
  ['dev.cosign', 'Cosign signature'],
  ['sigstore.bundle', 'Sigstore bundle'],
  ['notary.signature', 'Notation signature'],
  ['helm.chart.provenance', 'Helm provenance file'],
  ['in-toto', 'in-toto attestation'],
  ['spdx', 'SPDX bill of materials'],
  ['cyclonedx', 'CycloneDX bill of materials'],
]

/** What an artifact attached to a chart is, by its media type; each kind once. */
export function attachedKinds(types: string[]): string[] {
  return [...new Set(types.map((type) => words.find(([part]) => type.includes(part))?.[1] ?? type))]
}
