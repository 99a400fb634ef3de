//! The template parser and the renderer with all functions: any template ends, within its limits, without a panic.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pilothouse_chart::{Chart, Limits, Random, Release, RenderContext, RenderLimits, Values, render};

struct Constant;

impl Random for Constant {
    fn fill(&self, buffer: &mut [u8]) {
        for (i, byte) in buffer.iter_mut().enumerate() {
            *byte = i.to_le_bytes()[0].wrapping_mul(31).wrapping_add(7);
        }
    }
}

const VALUES: &[u8] = b"a: 1\nb: text\nc: [1, two, {three: 3}]\nd: {e: {f: null}, g: true}\nempty: {}\nlist: []\nfloat: 1.5\n";

fuzz_target!(|template: &[u8]| {
    // Making keys takes a second each; it is no more interesting for being done often.
    let is_slow = |name: &[u8]| template.windows(name.len()).any(|window| window == name);
    if [&b"genPrivateKey"[..], b"genCA", b"genS", b"derivePassword"].into_iter().any(is_slow) {
        return;
    }
    let files = [
        ("Chart.yaml".to_owned(), b"apiVersion: v2\nname: c\nversion: 1.0.0\n".to_vec()),
        ("values.yaml".to_owned(), VALUES.to_vec()),
        ("templates/_h.tpl".to_owned(), b"{{ define \"h\" }}{{ . }}{{ end }}".to_vec()),
        ("templates/t.yaml".to_owned(), template.to_vec()),
        ("file.txt".to_owned(), b"one\ntwo\n".to_vec()),
    ];
    let Ok(chart) = Chart::from_files(files, &Limits::default()) else { return };
    let limits =
        RenderLimits { nodes: 100_000, output_bytes: 1 << 20, time: Duration::from_secs(5), ..RenderLimits::default() };
    let context =
        RenderContext { limits, random: Some(&Constant), ..RenderContext::new(Release::install("rel", "ns")) };
    if let Err(error) = render(&chart, &Values::default(), &context) {
        let _ = error.explained();
    }
});
