//! Every bound that docs/limits.md names is on by default, and exceeding it is an error that says which it was.

use std::time::{Duration, Instant};

use pilothouse_chart::{Chart, Limits, Release, RenderContext, RenderError, RenderLimits, Values, render};

use crate::{Counting, load};

fn chart(template: &str) -> Chart {
    load(&[("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"), ("templates/t.yaml", template)])
}

fn render_within(template: &str, limits: RenderLimits) -> RenderError {
    let context = RenderContext {
        limits,
        random: Some(&Counting),
        ..RenderContext::new(Release::install("rel", "ns"))
    };
    render(&chart(template), &Values::default(), &context).unwrap_err()
}

fn exceeded(template: &str, limits: RenderLimits) -> String {
    match render_within(template, limits) {
        RenderError::Limit(text) => text,
        other => panic!("{template}: another error: {other}"),
    }
}

#[test]
fn nodes_output_and_lists_are_bounded_by_default() {
    let default = RenderLimits::default;
    assert_eq!(default().nodes, 50_000_000);
    let endless = "{{ range until 1000000 }}{{ range until 1000000 }}x{{ end }}{{ end }}";
    let steps = RenderLimits { nodes: 2_000_000, ..default() };
    assert!(exceeded(endless, steps).ends_with(": template execution took more than 2000000 steps"));
    let few = RenderLimits { output_bytes: 1000, ..default() };
    assert_eq!(exceeded("{{ repeat 2000 \"x\" }}", few), "templates rendered to more than 1000 bytes");
    assert!(exceeded("{{ until 2000000 }}", default()).ends_with("would be longer than 1000000 elements"));
    assert!(
        exceeded("{{ repeat 100000000 \"x\" }}", default()).ends_with("would be longer than 67108864 bytes")
    );
    let many = "{{ range until 20 }}{{ repeat 33554432 \"x\" | len }}{{ end }}";
    assert!(
        exceeded(many, default()).ends_with("template functions made more than 536870912 bytes of strings")
    );
    let doubling = "{{ $s := \"x\" }}{{ range until 64 }}{{ $s = cat $s $s }}{{ end }}";
    assert!(exceeded(doubling, default()).contains("bytes"), "{}", exceeded(doubling, default()));
}

#[test]
fn texts_that_grow_in_memory_are_counted_before_they_are_read() {
    let limits = || RenderLimits { nodes: 1_000_000, ..RenderLimits::default() };
    for function in ["fromJsonArray", "mustFromJson", "fromYamlArray"] {
        let template = format!("{{{{ {function} (printf \"[%s1]\" (repeat 2000000 \"1,\")) }}}}");
        assert!(exceeded(&template, limits()).ends_with("took more than 1000000 steps"), "{function}");
    }
}

/// 17 lists that contain each other twice are copied as 131,071.
#[test]
fn copies_of_shared_values_count_what_they_take() {
    let limits = RenderLimits { nodes: 1_000_000, ..RenderLimits::default() };
    let template =
        "{{ $l := list 1 }}{{ range until 16 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l | len }}";
    assert!(exceeded(template, limits).ends_with("took more than 1000000 steps"));
}

#[test]
fn include_and_tpl_stop_at_a_depth() {
    // A thousand levels, and Helm's own text.
    let endless = "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}";
    let text = render_within(endless, RenderLimits::default()).to_string();
    assert!(text.contains("rendering template has a nested reference name: a"), "{}", &text[..200]);
    // The bound is the limit's, not a number of the engine's own.
    let nested = "{{ define \"a\" }}{{ if gt (int .) 0 }}{{ include \"a\" (sub . 1) }}{{ end }}{{ end }}{{ include \"a\" 20 }}";
    let text =
        render_within(nested, RenderLimits { include_depth: 10, ..RenderLimits::default() }).to_string();
    assert!(text.contains("rendering template has a nested reference name: a"), "{}", &text[..200]);
    let endless = "{{ define \"a\" }}{{ tpl .t . }}{{ end }}{{ template \"a\" (dict \"t\" \"{{ template \\\"a\\\" . }}\") }}";
    let text = render_within(endless, RenderLimits::default()).to_string();
    assert!(
        text.contains("nested more than") || text.contains("exceeded maximum template depth"),
        "{}",
        &text[..200.min(text.len())]
    );
}

#[test]
fn a_huge_regular_expression_is_refused() {
    let error = render_within(
        "{{ regexMatch (repeat 5000 \"(a{1,100})\") \"a\" | toString | fail }}{{ mustRegexMatch \"(((a{1000}){1000}){1000})\" \"a\" }}",
        RenderLimits::default(),
    );
    assert!(error.to_string().contains("false"), "{error}");
    let error =
        render_within("{{ mustRegexMatch \"((a{1000}){1000}){1000}\" \"a\" }}", RenderLimits::default());
    assert!(error.to_string().contains("error parsing regexp"), "{error}");
}

#[test]
fn wall_time_is_bounded_also_where_single_steps_are_slow() {
    for template in [
        "{{ range until 100000 }}{{ genPrivateKey \"ed25519\" }}{{ bcrypt \"x\" }}{{ end }}",
        "{{ $s := repeat 60000000 \"x\" }}{{ range until 100000 }}{{ sha256sum $s }}{{ end }}",
        "{{ range until 100000 }}{{ derivePassword 1 \"long\" \"a\" \"b\" \"c\" }}{{ end }}",
    ] {
        let begin = Instant::now();
        let limits = RenderLimits { time: Duration::from_millis(300), ..RenderLimits::default() };
        assert!(exceeded(template, limits).ends_with("template execution took too long"), "{template}");
        assert!(begin.elapsed() < Duration::from_secs(20), "{template}: {:?}", begin.elapsed());
    }
}

#[test]
fn yaml_of_a_chart_is_bounded() {
    let limits = Limits::default();
    let load = |name: &str, text: String| {
        let files = [
            ("Chart.yaml".to_owned(), b"apiVersion: v2\nname: c\nversion: 1.0.0\n".to_vec()),
            (name.to_owned(), text.into_bytes()),
        ];
        Chart::from_files(files, &limits).map(drop).map_err(|error| error.to_string())
    };
    let deep = load("values.yaml", format!("a: {}", "[".repeat(2000)));
    assert!(deep.unwrap_err().contains("cannot load values.yaml: "));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", format!("*a{}, ", i - 1).repeat(9)));
    }
    let bomb = load("values.yaml", bomb).unwrap_err();
    assert!(bomb.contains("values.yaml") && bomb.contains("excessive aliasing"), "{bomb}");
    let rendered = render_within("{{ repeat 2000 \"[\" }}", RenderLimits::default()).to_string();
    assert!(rendered.contains("YAML parse error on c/templates/t.yaml"), "{rendered}");
}

#[test]
fn bad_files_of_a_chart_are_named() {
    let limits = Limits::default();
    let good = "apiVersion: v2\nname: c\nversion: 1.0.0\n";
    let refusal = |files: &[(&str, &[u8])]| {
        let files = files.iter().map(|(name, data)| ((*name).to_owned(), data.to_vec()));
        Chart::from_files(files, &limits).unwrap_err().to_string()
    };
    for (text, expected) in [
        (
            &b"a: b: c"[..],
            "cannot load Chart.yaml: error converting YAML to JSON: yaml: mapping values are not allowed in this context",
        ),
        (
            b"[1]",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type v2.Metadata",
        ),
        (
            b"name: [1]",
            "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field Metadata.name of type string",
        ),
        (
            b"name: \"\xff\"",
            "cannot load Chart.yaml: error converting YAML to JSON: yaml: invalid leading UTF-8 octet",
        ),
        (b"", "validation: chart.metadata.name is required"),
    ] {
        assert_eq!(refusal(&[("Chart.yaml", text)]), expected);
    }
    assert_eq!(refusal(&[("values.yaml", b"")]), "Chart.yaml file is missing");
    let nested = refusal(&[("Chart.yaml", good.as_bytes()), ("charts/d/Chart.yaml", b"a: b: c")]);
    assert!(nested.starts_with("error unpacking subchart d in c: cannot load Chart.yaml: "), "{nested}");
    let nested = refusal(&[("Chart.yaml", good.as_bytes()), ("charts/d.tgz", b"no archive")]);
    assert_eq!(nested, "error unpacking subchart d.tgz in c: gzip: invalid header");
}

#[test]
fn output_that_is_not_utf8_is_refused_as_helm_does() {
    let files = [
        ("Chart.yaml", &b"apiVersion: v2\nname: c\nversion: 1.0.0\n"[..]),
        ("templates/a.yaml", b"kind: A\n"),
        ("templates/b.yaml", b"kind: \"\xff\"\n"),
    ];
    let files = files.map(|(name, data)| (name.to_owned(), data.to_vec()));
    let chart = Chart::from_files(files, &Limits::default()).unwrap();
    let context = RenderContext::new(Release::install("rel", "ns"));
    assert_eq!(
        render(&chart, &Values::default(), &context).unwrap_err().to_string(),
        "YAML parse error on c/templates/b.yaml: error converting YAML to JSON: yaml: invalid leading UTF-8 octet"
    );
}
