use std::cell::Cell;

use pilothouse_gotemplate::{Budget, Limit, Map, Value};

use super::execute;

fn exceeded(text: &str, budget: Budget<'_>) -> Option<Limit> {
    execute(text, &Value::Nil, budget).unwrap_err().limit()
}

#[test]
fn endless_templates_stop_at_the_bound_on_depth() {
    let budget = Budget { depth: 1000, ..Budget::default() };
    assert_eq!(
        exceeded(r#"{{define "a"}}{{template "a"}}{{end}}{{template "a"}}"#, budget),
        Some(Limit::Depth(1000))
    );
}

#[test]
fn deep_templates_do_not_overflow_the_stack() {
    let text = r#"{{define "a"}}{{if .}}{{with .next}}{{range (index . "items")}}{{template "a" .}}{{end}}{{end}}{{end}}{{end}}{{template "a" .}}"#;
    let mut data = Value::map([("leaf".into(), true.into())]);
    for _ in 0..5000 {
        let items = Value::map([("items".into(), Value::list(vec![data]))]);
        data = Value::map([("next".into(), items)]);
    }
    assert_eq!(execute(text, &data, Budget::default()).unwrap(), "");
}

#[test]
fn loops_stop_at_the_bound_on_steps() {
    let budget = Budget { steps: 10_000, ..Budget::default() };
    assert_eq!(
        exceeded("{{range 1000}}{{range 1000}}{{print .}}{{end}}{{end}}", budget),
        Some(Limit::Steps(10_000))
    );
}

#[test]
fn output_stops_at_its_bound() {
    let budget = Budget { output_bytes: 1000, ..Budget::default() };
    assert_eq!(exceeded("{{range 1000}}0123456789{{end}}", budget), Some(Limit::OutputBytes(1000)));
}

#[test]
fn a_range_over_a_large_number_is_refused() {
    assert_eq!(
        exceeded("{{range 100000000}}{{end}}", Budget::default()),
        Some(Limit::RangeLength(1_000_000))
    );
}

#[test]
fn doubling_strings_stop_at_their_bound() {
    let budget = Budget { string_length: 1 << 20, ..Budget::default() };
    let text = r#"{{$s := "x"}}{{range 64}}{{$s = printf "%s%s" $s $s}}{{end}}{{len $s}}"#;
    assert!(matches!(exceeded(text, budget), Some(Limit::StringLength(_))));
}

#[test]
fn time_is_asked_for_and_obeyed() {
    let asked = Cell::new(0);
    let is_over = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    let budget = Budget { is_over: Some(&is_over), ..Budget::default() };
    assert_eq!(exceeded("{{range 1000000}}{{end}}", budget), Some(Limit::Time));
    assert_eq!(asked.get(), 4);
}

#[test]
fn a_map_that_contains_itself_prints_as_an_error() {
    let map = Map::new();
    map.insert("self", Value::Map(map.clone()));
    let error = execute("{{.}}", &Value::Map(map.clone()), Budget::default()).unwrap_err();
    assert_eq!(error.limit(), Some(Limit::ValueDepth(pilothouse_gotemplate::MAX_VALUE_DEPTH)));
    map.remove(b"self");
}

#[test]
fn deeply_nested_values_are_freed_without_recursion() {
    let mut value = Value::Nil;
    for index in 0..1_000_000 {
        value = if index % 2 == 0 { Value::list(vec![value]) } else { Value::map([("k".into(), value)]) };
    }
    drop(value);
}

#[test]
fn deeply_nested_syntax_is_refused_with_a_message() {
    let mut set = pilothouse_gotemplate::TemplateSet::default();
    let parentheses = format!("{{{{{}1{}}}}}", "(".repeat(20_000), ")".repeat(20_000));
    assert_eq!(set.parse("t", parentheses.as_bytes()).unwrap_err().message, "max expression depth exceeded");
    let actions = "{{if 1}}".repeat(20_000);
    let error = set.parse("t", actions.as_bytes()).unwrap_err();
    assert!(error.message.starts_with("actions are nested more than"), "{error}");
    let nested = format!("{}x{}", "{{if 1}}".repeat(900), "{{end}}".repeat(900));
    assert_eq!(execute(&nested, &Value::Nil, Budget::default()).unwrap(), "x");
}
