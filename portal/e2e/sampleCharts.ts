import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

function put(root: string, files: Record<string, string>) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
}

/** Versions of the chart `many`; one in ten is a prerelease. */
export const MANY_VERSIONS = 400

/** Raised by whatever of the hostile chart is run as script. */
export const TRAP = 'trapWasSprung'

const script = `<script>window.${TRAP} = true</script><img src="https://pictures.example/x.png" onerror="window.${TRAP} = true">`

const readme = `# Hostile chart

${script}

![Build state](https://pictures.example/badge.svg) ![](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)

[harmless](https://example.com/docs) [run](javascript:window.${TRAP}=true) [data](data:text/html,${encodeURIComponent(script)})

<iframe src="https://pictures.example/frame"></iframe>
<style>body { display: none }</style>
<a href="javascript:window.${TRAP}=true" onclick="window.${TRAP}=true">click me</a>

| a | b |
|---|---|
| ${script} | [x](vbscript:x) |
`

/** A chart whose every text tries to run script, to load pictures, or to pass for something else. */
const hostile = {
  'Chart.yaml': JSON.stringify({
    apiVersion: 'v2',
    name: 'hostile',
    version: '1.0.0',
    appVersion: `1${script}`,
    description: `Looks harmless ${script}`,
    icon: 'https://pictures.example/icon.svg',
    home: `javascript:window.${TRAP}=true`,
    sources: ['javascript:alert(1)', 'https://example.com/source'],
    keywords: [script],
    maintainers: [{ name: script, url: `javascript:window.${TRAP}=true` }],
    annotations: { note: script },
  }),
  'README.md': readme,
  'values.yaml': `# ${script}\n# \u202egnp.exe\nmessage: ${JSON.stringify(script)}\n`,
  'values.schema.json': JSON.stringify({ type: 'object', title: script, properties: { message: { type: 'string', description: script } } }),
  'templates/NOTES.txt': `${script}\n{{ .Values.message }}\n`,
  'templates/configmap.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  message: {{ .Values.message | quote }}\n',
}

/** Writes the demo's charts, a hostile one and one of very many versions into the folder. */
export function writeCharts(folder: string, demo: string) {
  cpSync(demo, folder, { recursive: true })
  put(join(folder, 'hostile', '1.0.0'), hostile)
  for (let number = 0; number < MANY_VERSIONS; number++) {
    const version = `1.${number}.0${number % 10 === 9 ? '-rc.1' : ''}`
    put(join(folder, 'many', version), {
      'Chart.yaml': `apiVersion: v2\nname: many\nversion: ${version}\nappVersion: "${number}"\ndescription: A chart of many versions\n`,
    })
  }
  put(join(folder, 'many', '1.0.0'), {
    'values.yaml': 'replicas: 1\n',
    'templates/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n',
  })
  put(join(folder, 'broken-template', '1.0.0'), {
    'Chart.yaml': 'apiVersion: v2\nname: broken-template\nversion: 1.0.0\n',
    'templates/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.must.exist }}\n',
  })
}
