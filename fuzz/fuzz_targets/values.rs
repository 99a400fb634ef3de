//! Values: two YAML texts merged, `--set` arguments applied, all of it coalesced with a chart and its subchart.
//! The parts of the input are separated by NUL bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse_chart::values::{self, SetKind};
use pilothouse_chart::{Chart, Limits, Release, RenderContext, Values, render};

fuzz_target!(|input: &[u8]| {
    let mut parts = input.split(|byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (defaults, inner, first, second) = (part(), part(), part(), part());
    let files = [
        ("Chart.yaml", &b"apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: d, version: '*', condition: d.on, tags: [t], import-values: [x, {child: a, parent: b.c}]}\n- {name: d, version: '*', alias: e}\n"[..]),
        ("values.yaml", defaults),
        ("templates/t.yaml", b"v: {{ .Values | toJson }}\n"),
        ("charts/d/Chart.yaml", b"apiVersion: v2\nname: d\nversion: 1.0.0\n"),
        ("charts/d/values.yaml", inner),
        ("charts/d/templates/t.yaml", b"v: {{ .Values | toJson }}\n"),
    ];
    let files = files.map(|(name, data)| (name.to_owned(), data.to_vec()));
    let Ok(chart) = Chart::from_files(files, &Limits::default()) else { return };
    let read = |text| Values::from_yaml(text).unwrap_or_default();
    let mut merged = values::merge(read(first), read(second));
    for (index, argument) in parts.take(8).enumerate() {
        let argument = String::from_utf8_lossy(argument);
        let kinds = [SetKind::Typed, SetKind::String, SetKind::Json, SetKind::Literal];
        if index == 4 {
            let mut content = |path: &str| Ok(path.to_owned());
            let _ = values::set_file(&mut merged, &argument, &mut content);
        } else {
            let _ = values::set(&mut merged, &argument, kinds[index % 4]);
        }
    }
    let _ = values::coalesce(&chart, &merged);
    let _ = render(&chart, &merged, &RenderContext::new(Release::install("rel", "ns")));
});
