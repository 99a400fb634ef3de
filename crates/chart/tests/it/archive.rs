use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use pilothouse_chart::{Chart, Limits};
use tar::{Builder, EntryType, Header};

const CHART: (&str, &[u8]) = ("c/Chart.yaml", b"apiVersion: v2\nname: c\nversion: 0.1.0\n");

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn add(tar: &mut Builder<Vec<u8>>, name: &str, kind: EntryType, data: &[u8]) {
    let mut header = Header::new_ustar();
    // `set_path` would refuse the names that are to be tested.
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(1_700_000_000);
    header.set_cksum();
    tar.append(&header, data).unwrap();
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, data) in files {
        add(&mut tar, name, EntryType::Regular, data);
    }
    gzip(&tar.into_inner().unwrap())
}

fn refusal(bytes: &[u8], limits: &Limits) -> String {
    Chart::load_archive(bytes, limits).unwrap_err().to_string()
}

#[test]
fn an_archive_is_loaded_with_its_subcharts_packed_and_unpacked() {
    let inner = archive(&[("d/Chart.yaml", b"apiVersion: v2\nname: d\nversion: 2.0.0\n")]);
    let bytes = archive(&[
        CHART,
        ("c/charts/d-2.0.0.tgz", &inner),
        ("c/charts/e/Chart.yaml", b"apiVersion: v1\nname: e\nversion: 3.0.0\n"),
        ("c/charts/e/values.yaml", b"\xEF\xBB\xBFa: 1\n"),
        ("c/charts/_ignored/x", b""),
    ]);
    let chart = Chart::load_archive(&bytes, &Limits::default()).unwrap();
    let names: Vec<&str> = chart.dependencies().iter().map(Chart::name).collect();
    assert_eq!(names, ["d", "e"]);
    assert_eq!(chart.dependencies()[1].values().to_json().to_string(), r#"{"a":1}"#);
}

#[test]
fn names_that_leave_the_chart_are_refused_and_named() {
    for (name, want) in [
        ("c/../../etc/passwd", "chart illegally references parent directory: \"c/../../etc/passwd\""),
        ("/etc/passwd", "chart illegally contains absolute paths: \"/etc/passwd\""),
        ("c//etc/passwd", "chart illegally contains absolute paths: \"c//etc/passwd\""),
        ("c\\..\\x", "chart illegally references parent directory: \"c\\\\..\\\\x\""),
        ("c/c:/x", "chart contains illegally named files: \"c/c:/x\""),
        ("Chart.yaml", "chart illegally contains content outside the base directory: \"Chart.yaml\""),
    ] {
        assert_eq!(refusal(&archive(&[CHART, (name, b"x")]), &Limits::default()), want);
    }
}

#[test]
fn links_and_devices_are_refused_and_named() {
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Fifo] {
        let mut tar = Builder::new(Vec::new());
        add(&mut tar, CHART.0, EntryType::Regular, CHART.1);
        add(&mut tar, "c/templates/link.yaml", kind, b"");
        let bytes = gzip(&tar.into_inner().unwrap());
        let want = "chart archive contains \"c/templates/link.yaml\", which is not a regular file";
        assert_eq!(refusal(&bytes, &Limits::default()), want);
    }
}

#[test]
fn what_is_no_archive_is_refused() {
    let good = archive(&[CHART, ("c/big", &[7; 4000])]);
    assert_eq!(refusal(b"kind: Chart\n", &Limits::default()), "gzip: invalid header");
    assert_eq!(refusal(b"", &Limits::default()), "gzip: invalid header");
    assert_eq!(refusal(&good[..good.len() / 2], &Limits::default()), "unexpected EOF");
    assert_eq!(refusal(&gzip(b""), &Limits::default()), "no files in chart archive");
    assert!(refusal(&gzip(&[1; 2048]), &Limits::default()).starts_with("cannot read chart archive: "));
}

#[test]
fn bombs_stop_at_the_limits() {
    let limits = Limits {
        archive_bytes: 100_000,
        decompressed_bytes: 1 << 20,
        file_bytes: 1 << 19,
        files: 20,
        nesting: 3,
        ..Limits::default()
    };
    let zeros = vec![0; 1 << 20];
    assert_eq!(
        refusal(&archive(&[CHART, ("c/zeros", &zeros[..600_000])]), &limits),
        "decompressed chart file \"c/zeros\" is larger than the maximum file size 524288"
    );
    let half = &zeros[..500_000];
    assert_eq!(
        refusal(&archive(&[CHART, ("c/a", half), ("c/b", half), ("c/d", half)]), &limits),
        "decompressed chart is larger than the maximum size 1048576"
    );
    let many: Vec<String> = (0..30).map(|i| format!("c/{i}")).collect();
    let mut files = vec![CHART];
    files.extend(many.iter().map(|name| (name.as_str(), &b""[..])));
    assert_eq!(refusal(&archive(&files), &limits), "chart has more than 20 files");
    assert_eq!(refusal(&vec![0x1F; 100_001], &limits), "chart archive is larger than 100000 bytes");
    let mut nested = archive(&[CHART]);
    for _ in 0..6 {
        nested = archive(&[CHART, ("c/charts/c.tgz", &nested)]);
    }
    assert!(refusal(&nested, &limits).ends_with("subcharts nested deeper than 3 levels"));
}
