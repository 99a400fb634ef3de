use std::collections::BTreeMap;

use pilothouse_chart::{Chart, Limits, LoadError, values};
use pilothouse_chart::{Release, RenderContext, Values, render};

use super::{UMBRELLA, load};

fn refusal(files: &[(&str, &str)]) -> String {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    Chart::from_files(files, &Limits::default()).unwrap_err().to_string()
}

#[test]
fn metadata_is_read_as_helm_reads_it() {
    let chart = load(&UMBRELLA);
    let metadata = chart.metadata();
    assert_eq!((metadata.name.as_str(), metadata.app_version.as_str()), ("umbrella", "4.5"));
    assert_eq!(metadata.annotations, BTreeMap::from([("a".to_owned(), "1".to_owned())]));
    assert_eq!(metadata.dependencies[0].alias, "worker");
    assert_eq!(chart.readme().map(|file| file.name.as_str()), Some("README.md"));
    assert_eq!(chart.values_text().map(|file| &file.data[..9]), Some(&b"replicas:"[..]));
    assert_eq!(chart.crds()[0].path, "umbrella/crds/thing.yaml");
}

#[test]
fn incomplete_charts_are_refused_with_helms_words() {
    for (files, want) in [
        (&[("values.yaml", "a: 1\n")][..], "Chart.yaml file is missing"),
        (&[("Chart.yaml", "name: c\n")], "validation: chart.metadata.version is required"),
        (&[("Chart.yaml", "name: c\nversion: x\n")], "validation: chart.metadata.version \"x\" is invalid"),
        (
            &[("Chart.yaml", "name: [c]\nversion: 1\n")],
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array \
             into Go struct field Metadata.name of type string",
        ),
        (
            &[("Chart.yaml", "name: c\nversion: 1\ndependencies: [{name: {}}]\n")],
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object \
             into Go struct field Dependency.dependencies.name of type string",
        ),
        (
            &[("Chart.yaml", "name: c\nversion: 1\n"), (".helmignore", "a/**\n")],
            "double-star (**) syntax is not supported",
        ),
    ] {
        assert_eq!(refusal(files), want);
    }
}

#[test]
fn helmignore_hides_files_of_a_directory() {
    let chart = load(&[
        ("Chart.yaml", "name: c\nversion: 1.0.0\n"),
        (".helmignore", "*.bak\n/docs/\n"),
        ("a.bak", ""),
        ("docs/x.md", ""),
        ("sub/docs/x.md", ""),
        ("templates/.hidden", ""),
        ("templates/t.yaml", ""),
    ]);
    let names = |files: &[pilothouse_chart::File]| -> Vec<String> {
        files.iter().map(|file| file.name.clone()).collect()
    };
    assert_eq!(names(chart.files()), [".helmignore", "sub/docs/x.md"]);
    assert_eq!(names(chart.templates()), ["templates/t.yaml"]);
}

#[test]
fn a_chart_survives_the_release_record() {
    let chart = load(&UMBRELLA);
    let json = chart.to_release_json();
    assert_eq!(json["metadata"]["appVersion"], "4.5");
    assert_eq!(json["templates"][1]["name"], "templates/_names.tpl");
    assert_eq!(json["lock"], serde_json::Value::Null);
    assert_eq!(json["schemamodtime"], "0001-01-01T00:00:00Z");
    let again = Chart::from_release_json(&json).unwrap();
    assert_eq!(again.to_release_json(), json);
    assert_eq!(again.metadata(), chart.metadata());
    assert!(matches!(
        Chart::from_release_json(&serde_json::json!({"metadata": {}, "templates": [{}]})),
        Err(LoadError::Archive(_))
    ));
}

#[test]
fn rendering_never_changes_the_loaded_chart() {
    let chart = load(&UMBRELLA);
    let context = RenderContext::new(Release::install("r", "default"));
    let without = Values::from_yaml(b"worker: {enabled: false}\nsub: {enabled: false}\n").unwrap();
    let first = render(&chart, &Values::default(), &context).unwrap();
    let second = render(&chart, &without, &context).unwrap();
    assert!(second.chart.dependencies().is_empty());
    assert_eq!(chart.dependencies().len(), 1);
    let third = render(&chart, &Values::default(), &context).unwrap();
    assert_eq!(first.templates, third.templates);
    assert_eq!(chart.metadata().dependencies[0].name, "sub");
}

#[test]
fn values_files_merge_and_nulls_remove_defaults() {
    let base = Values::from_yaml(b"a: {b: 1, c: 2}\nd: [1]\n").unwrap();
    let over = Values::from_yaml(b"a: {b: null}\nd: [2]\n---\ne: 10000000\n").unwrap();
    let merged = values::merge(base, over);
    assert_eq!(merged.to_json().to_string(), r#"{"a":{"b":null,"c":2},"d":[2],"e":10000000}"#);
    let chart = load(&[("Chart.yaml", "name: c\nversion: 1.0.0\n"), ("values.yaml", "a: {b: 5, z: 6}\n")]);
    let seen = values::coalesce(&chart, &merged).unwrap();
    assert_eq!(seen.to_json().to_string(), r#"{"a":{"c":2,"z":6},"d":[2],"e":10000000}"#);
}
