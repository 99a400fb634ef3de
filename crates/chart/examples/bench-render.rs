//! Measures rendering: `bench/render/run` calls it beside a program on Helm's SDK and compares.
//!
//! `bench-render cases FILE`: every deterministic case of a `cases.jsonl`, charts preloaded.
//! `bench-render archives FILE`: the same from the bytes of the archive, as a release does.
//! `bench-render growth`: one template that makes 10, 100, 1,000 and 10,000 objects.
//!
//! One JSON object a line: `{"id", "ms"}`, the best of [`ROUNDS`]; the last has `"peak_kib"`.
#![expect(clippy::print_stdout, reason = "standard output is the interface")]

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use pilothouse_chart::{
    Capabilities, Chart, KubeVersion, Limits, Random, Release, RenderContext, Values, render,
};
use serde_json::{Value, json};

/// Times each case is rendered.
const ROUNDS: usize = 5;

/// Not random, so that all rounds do the same.
struct Constant;

impl Random for Constant {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["cases", file] => cases(Path::new(file), false)?,
        ["archives", file] => cases(Path::new(file), true)?,
        ["growth"] => growth()?,
        _ => return Err("usage: bench-render cases FILE | archives FILE | growth".into()),
    }
    println!("{}", json!({ "peak_kib": peak_memory() }));
    Ok(())
}

/// The largest memory of the process so far, in KiB (`VmHWM` of Linux).
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn cases(file: &Path, from_archive: bool) -> Result<(), Box<dyn Error>> {
    let root = file.parent().unwrap_or(Path::new("."));
    let mut archives: HashMap<String, (Vec<u8>, Chart)> = HashMap::new();
    let mut jobs = Vec::new();
    for line in fs::read_to_string(file)?.lines() {
        let case: Value = serde_json::from_str(line)?;
        if case["class"] != "deterministic" {
            continue;
        }
        let path = text(&case, "chart").to_owned();
        if !archives.contains_key(&path) {
            let bytes = fs::read(root.join(&path))?;
            let chart = Chart::load_archive(&bytes, &Limits::default())?;
            archives.insert(path.clone(), (bytes, chart));
        }
        jobs.push((path, case));
    }
    for (path, case) in &jobs {
        let (bytes, chart) = &archives[path];
        let values = Values::from_yaml(text(case, "values").as_bytes())?;
        let kube_version = KubeVersion::parse(text(case, "kube_version"))?;
        let capabilities = Capabilities { kube_version, ..Capabilities::default() };
        let context = RenderContext {
            capabilities,
            random: Some(&Constant),
            now: SystemTime::UNIX_EPOCH,
            ..RenderContext::new(Release::install(text(case, "release"), text(case, "namespace")))
        };
        let best = best(|| {
            let loaded;
            let chart = if from_archive {
                loaded = Chart::load_archive(bytes, &Limits::default())?;
                &loaded
            } else {
                chart
            };
            Ok(render(chart, &values, &context)?.manifest.len())
        })?;
        println!("{}", json!({ "id": case["id"], "ms": best.as_secs_f64() * 1000.0 }));
    }
    Ok(())
}

fn growth() -> Result<(), Box<dyn Error>> {
    for objects in [10, 100, 1_000, 10_000] {
        let chart = Chart::from_files(growing_chart(), &Limits::default())?;
        let values = Values::from_yaml(format!("objects: {objects}\n").as_bytes())?;
        let context = RenderContext::new(Release::install("rel", "ns"));
        let best = best(|| Ok(render(&chart, &values, &context)?.manifests.len()))?;
        println!("{}", json!({ "id": objects.to_string(), "ms": best.as_secs_f64() * 1000.0 }));
    }
    Ok(())
}

/// A chart whose output grows with one value.
fn growing_chart() -> [(String, Vec<u8>); 3] {
    let template = "{{ range $i := until (int .Values.objects) }}---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  \
                    name: {{ $.Release.Name }}-{{ $i }}\n  labels:\n    {{- include \"labels\" $ | nindent 4 }}\ndata:\n  \
                    {{- toYaml (dict \"index\" (toString $i) \"text\" (repeat 20 \"word \")) | nindent 2 }}\n{{ end }}";
    let labels =
        "{{ define \"labels\" }}app: {{ .Chart.Name }}\nrelease: {{ .Release.Name | quote }}{{ end }}";
    [
        ("Chart.yaml".to_owned(), b"apiVersion: v2\nname: growing\nversion: 1.0.0\n".to_vec()),
        ("templates/objects.yaml".to_owned(), template.into()),
        ("templates/_labels.tpl".to_owned(), labels.into()),
    ]
}

fn text<'v>(case: &'v Value, field: &str) -> &'v str {
    case[field].as_str().unwrap_or_default()
}

fn best(mut run: impl FnMut() -> Result<usize, Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        std::hint::black_box(run()?);
        best = best.min(begin.elapsed());
    }
    Ok(best)
}
