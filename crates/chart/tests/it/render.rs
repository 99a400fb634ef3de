use pilothouse_chart::{
    HookDeletePolicy, HookEvent, PostRender, Release, RenderContext, RenderError, RenderLimits,
    TemplateOptions, Values, install_order, render, template_output, template_stdout, uninstall_order,
};

use super::{UMBRELLA, load};

#[test]
fn a_chart_renders_to_sorted_documents_hooks_notes_and_the_release_text() {
    let context = RenderContext::new(Release::install("rel", "ns"));
    let rendered = render(&load(&UMBRELLA), &Values::default(), &context).unwrap();
    let kinds: Vec<&str> = rendered.manifests.iter().map(|document| document.kind.as_str()).collect();
    assert_eq!(kinds, ["ConfigMap", "Service", "Deployment"]);
    assert_eq!(rendered.manifests[1].namespace.as_deref(), Some("other"));
    assert_eq!(rendered.manifests[2].name, "rel-umbrella");
    let hook = &rendered.hooks[0];
    assert_eq!(hook.events, [HookEvent::Test, HookEvent::PreInstall]);
    assert_eq!(hook.weight, -5);
    let never = HookDeletePolicy::Other("never".to_owned());
    assert_eq!(hook.delete_policies, [HookDeletePolicy::HookSucceeded, never]);
    assert_eq!(rendered.notes, "Thank you for umbrella.\n");
    assert_eq!(rendered.crds.len(), 1);
    insta::assert_snapshot!(template_stdout(&rendered));
}

#[test]
fn values_that_break_the_schema_are_refused() {
    let context = RenderContext::new(Release::install("rel", "ns"));
    let values = Values::from_yaml(b"replicas: 0\n").unwrap();
    let error = render(&load(&UMBRELLA), &values, &context).unwrap_err();
    assert_eq!(
        error.to_string(),
        "values don't meet the specifications of the schema(s) in the following chart(s):\numbrella:\n\
         - at '/replicas': minimum: got 0, want 1\n"
    );
    let skipped = RenderContext { skip_schema: true, ..context };
    assert!(render(&load(&UMBRELLA), &values, &skipped).is_ok());
}

#[test]
fn a_template_error_has_helms_text_and_an_excerpt() {
    let chart = load(&[
        ("Chart.yaml", "name: c\nversion: 1.0.0\n"),
        ("templates/t.yaml", "a: 1\nb: {{ .Values.x.y.z }}\n"),
    ]);
    let context = RenderContext::new(Release::install("rel", "ns"));
    let RenderError::Template { message, excerpt } =
        render(&chart, &Values::default(), &context).unwrap_err()
    else {
        panic!("another error");
    };
    assert_eq!(
        message,
        "c/templates/t.yaml:2:13\n  executing \"c/templates/t.yaml\" at <.Values.x.y.z>:\n    \
         nil pointer evaluating interface {}.y"
    );
    assert_eq!(
        excerpt.unwrap(),
        "at c/templates/t.yaml:2:13\n  | b: {{ .Values.x.y.z }}\n  |       ^^^^^^^^^^^^^\nmissing: .Values.x has no value; \
         set `x` in the values"
    );
}

#[test]
fn an_excerpt_names_the_includes_and_the_missing_value() {
    let excerpt = |template: &str| {
        let chart = load(&[
            ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
            ("charts/d/Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.0.0\n"),
            (
                "charts/d/templates/_names.tpl",
                "{{ define \"d.name\" }}{{ required \"a name\" .Values.name }}{{ end }}",
            ),
            ("charts/d/templates/t.yaml", template),
        ]);
        let error = render(&chart, &Values::default(), &RenderContext::new(Release::install("rel", "ns")));
        error.unwrap_err().explained()
    };
    assert_eq!(
        excerpt("name: {{ include \"d.name\" . }}"),
        "execution error at (c/charts/d/templates/t.yaml:1:9): a name\n\n\
         at c/charts/d/templates/_names.tpl:1:24\n  \
         | {{ define \"d.name\" }}{{ required \"a name\" .Values.name }}{{ end }}\n  \
         |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n\
         called from c/charts/d/templates/t.yaml:1:9\n  | name: {{ include \"d.name\" . }}\n  \
         |          ^^^^^^^^^^^^^^^^^^\nmissing: .Values.name has no value; set `d.name` in the values"
    );
    let missing = |template: &str| excerpt(template).lines().last().unwrap().to_owned();
    assert_eq!(
        missing("{{ .Values.a.b.c | quote }}"),
        "missing: .Values.a has no value; set `d.a` in the values"
    );
    assert_eq!(
        missing("{{ .Values.a | required \"x\" }}"),
        "missing: .Values.a has no value; set `d.a` in the values"
    );
    assert_eq!(
        missing("{{ trunc 3 .Values.a }}"),
        "missing: .Values.a has no value; set `d.a` in the values"
    );
    assert_eq!(
        missing("{{ index .Values.a \"b\" }}"),
        "missing: .Values.a has no value; set `d.a` in the values"
    );
    assert_eq!(
        missing("{{ .Values.a | trunc 3 }}"),
        "missing: .Values.a has no value; set `d.a` in the values"
    );
    assert!(!excerpt("{{ fail \"no\" }}").contains("missing"));
    assert!(excerpt("a: {{ .x").contains("at c/charts/d/templates/t.yaml:1\n  | a: {{ .x\n  | ^^^^^^^^"));
}

#[test]
fn endless_templates_stop_at_a_limit_that_the_error_names() {
    let chart = load(&[
        ("Chart.yaml", "name: c\nversion: 1.0.0\n"),
        ("templates/t.yaml", "{{ range $i := until 1000 }}{{ range $j := until 1000 }}x{{ end }}{{ end }}"),
    ]);
    let limits = RenderLimits { nodes: 10_000, ..RenderLimits::default() };
    let context = RenderContext { limits, ..RenderContext::new(Release::install("rel", "ns")) };
    let error = render(&chart, &Values::default(), &context).unwrap_err();
    assert!(matches!(error, RenderError::Limit(_)), "{error}");
    assert!(error.to_string().contains("10000"), "{error}");
}

#[test]
fn parts_of_a_rendered_chart_can_be_shown() {
    let context = RenderContext::new(Release::install("rel", "ns"));
    let rendered = render(&load(&UMBRELLA), &Values::default(), &context).unwrap();
    let show = |options: TemplateOptions| template_output(&rendered, &options);
    assert!(!show(TemplateOptions { no_hooks: true, ..Default::default() }).unwrap().contains("kind: Pod"));
    assert!(!show(TemplateOptions { skip_tests: true, ..Default::default() }).unwrap().contains("kind: Pod"));
    let only = |path: &str| TemplateOptions { show_only: vec![path.to_owned()], ..Default::default() };
    let one = show(only("charts/worker/templates/*.yaml")).unwrap();
    assert!(one.starts_with("---\n# Source: umbrella/charts/worker/templates/c.yaml\nkind: ConfigMap\n"));
    assert!(!one.contains("Deployment"));
    assert_eq!(
        show(only("templates/none.yaml")).unwrap_err(),
        "could not find template templates/none.yaml in chart"
    );
}

struct Rename;

impl PostRender for Rename {
    fn run(&self, stream: &str) -> Result<String, String> {
        Ok(format!("{}---\nkind: Extra\n", stream.replace("name: s\n", "name: renamed\n")))
    }
}

#[test]
fn a_post_renderer_sees_every_document_and_their_paths_survive() {
    let mut context = RenderContext::new(Release::install("rel", "ns"));
    context.post_render = Some(&Rename);
    let rendered = render(&load(&UMBRELLA), &Values::default(), &context).unwrap();
    let service = rendered.manifests.iter().find(|document| document.kind == "Service").unwrap();
    assert_eq!((service.name.as_str(), service.path.as_str()), ("renamed", "umbrella/templates/all.yaml"));
    assert!(!service.content.contains("postrenderer"));
    assert_eq!(rendered.hooks.len(), 1);
    assert_eq!(rendered.manifests.last().unwrap().path, "generated-by-postrender-4.yaml");
}

#[test]
fn kinds_are_installed_and_uninstalled_in_opposite_orders_unknown_ones_last() {
    assert!(install_order("Namespace") < install_order("Service"));
    assert!(uninstall_order("Service") < uninstall_order("Namespace"));
    assert!(install_order("ValidatingWebhookConfiguration") < install_order("Widget"));
    assert!(uninstall_order("PriorityClass") < uninstall_order("Widget"));
}
