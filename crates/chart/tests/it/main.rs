//! Charts rendered as Helm renders them. `fixtures/probes.jsonl` was recorded from the Helm Go SDK v4.2.3;
//! `fixtures/README.md` says how.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::SystemTime;

use pilothouse_chart::batch::{Batch, Found};
use pilothouse_chart::{Chart, Limits, Random};

mod archive;
mod chart;
mod functions;
mod limits;
mod parity;
mod probes;
mod render;

/// Not random at all.
struct Counting;

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for (i, byte) in buffer.iter_mut().enumerate() {
            *byte = u8::try_from(i % 251).unwrap();
        }
    }
}

fn batch<'a>(read: impl FnMut(&str) -> Result<Found, String> + 'a) -> Batch<'a> {
    Batch::new(read, &Counting, || SystemTime::UNIX_EPOCH, Limits::default())
}

fn load(files: &[(&str, &str)]) -> Chart {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    Chart::from_files(files, &Limits::default()).unwrap()
}

/// A chart with a subchart, a hook, a CRD, notes and a schema.
const UMBRELLA: [(&str, &str); 10] = [
    (
        "Chart.yaml",
        "apiVersion: v2\nname: umbrella\nversion: 1.2.3\nappVersion: 4.5\ntype: application\n\
         dependencies:\n- {name: sub, version: 0.1.0, repository: '', condition: sub.enabled, alias: worker}\n\
         annotations: {a: 1}\n",
    ),
    ("values.yaml", "replicas: 2\nglobal: {region: north}\nworker: {size: 3}\n"),
    ("values.schema.json", r#"{"properties": {"replicas": {"type": "integer", "minimum": 1}}}"#),
    ("README.md", "# Umbrella\n"),
    ("crds/thing.yaml", "kind: CustomResourceDefinition\n"),
    ("templates/_names.tpl", "{{ define \"name\" }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}"),
    (
        "templates/all.yaml",
        "kind: Deployment\nmetadata:\n  name: {{ include \"name\" . }}\nreplicas: {{ .Values.replicas }}\n---\n\
         apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: other}\n---\nkind: Pod\nmetadata:\n  \
         name: check\n  annotations:\n    helm.sh/hook: test,pre-install\n    helm.sh/hook-weight: '-5'\n    \
         helm.sh/hook-delete-policy: hook-succeeded, never\n",
    ),
    ("templates/NOTES.txt", "Thank you for {{ .Chart.Name }}.\n"),
    ("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 0.1.0\n"),
    (
        "charts/sub/templates/c.yaml",
        "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  v: {{ .Values | toJson | quote }}\n",
    ),
];
