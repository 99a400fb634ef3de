use pilothouse_gotemplate::{Budget, Execution, Map, MissingKey, Value};

use super::{execute, set};

#[test]
fn a_change_to_a_map_is_visible_through_every_alias() {
    let map = Map::new();
    let data = Value::map([("a".into(), map.clone().into()), ("b".into(), map.clone().into())]);
    map.insert("x", "changed".into());
    assert_eq!(execute("{{.a.x}} {{.b.x}}", &data, Budget::default()).unwrap(), "changed changed");
}

#[test]
fn missing_keys_are_errors_if_asked() {
    let set = set("{{.a.b}}");
    let data = Value::map([("a".into(), Map::new().into())]);
    let execution = Execution::new(&set, &(), MissingKey::Error, Budget::default());
    let error = execution.execute("t", &data).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"template: t:1:4: executing "t" at <.a.b>: map has no entry for key "b""#
    );
}

#[test]
fn errors_carry_the_place_and_the_line() {
    let error = execute("first\n  {{ len .x }} tail", &Map::new().into(), Budget::default()).unwrap_err();
    let place = error.location.clone().unwrap();
    assert_eq!((place.file.as_str(), place.line, place.column), ("t", 2, 5));
    assert_eq!(place.context, "len .x");
    assert_eq!(place.excerpt, "  {{ len .x }} tail");
}

#[test]
fn templates_are_shared_between_threads() {
    let set = set("{{range .}}{{.}},{{end}}");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let data = Value::list(vec!["a".into(), Value::Int(1)]);
                let execution = Execution::new(&set, &(), MissingKey::Zero, Budget::default());
                assert_eq!(execution.execute("t", &data).unwrap(), b"a,1,");
            });
        }
    });
}
