use pilothouse_goyaml::{Error, JsonBuilder, Limits, parse_first};

fn read(source: &str, limits: &Limits) -> String {
    parse_first(source.as_bytes(), &mut JsonBuilder, limits).unwrap_err().to_string()
}

#[test]
fn each_limit_is_named_by_its_error() {
    let limits = Limits { bytes: 1_000, depth: 20, nodes: 50, expanded: 30 };
    assert_eq!(read(&"x".repeat(1_001), &limits), "yaml: document is larger than 1000 bytes");
    assert_eq!(read(&"[".repeat(21), &limits), "yaml: flow collections nested deeper than 20 levels");
    assert_eq!(read(&"- ".repeat(21), &limits), "yaml: block collections nested deeper than 20 levels");
    assert_eq!(read(&"- 1\n".repeat(51), &limits), "yaml: document has more than 50 nodes");
    let alias = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb: [*a, *a, *a, *a]\n";
    assert_eq!(read(alias, &limits), "yaml: aliases expand to more than 30 nodes");
}

#[test]
fn an_alias_bomb_is_refused_with_gos_words() {
    let mut source = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        let items = format!("*a{}, ", i - 1).repeat(9);
        source.push_str(&format!("a{i}: &a{i} [{items}]\n"));
    }
    assert_eq!(read(&source, &Limits::default()), "yaml: document contains excessive aliasing");
}

#[test]
fn deep_nesting_within_the_default_limit_does_not_overflow_the_stack() {
    let source = "[".repeat(990) + &"]".repeat(990);
    assert!(parse_first(source.as_bytes(), &mut JsonBuilder, &Limits::default()).is_ok());
    let error = parse_first("[".repeat(100_000).as_bytes(), &mut JsonBuilder, &Limits::default());
    assert!(matches!(error, Err(Error::Limit(_))));
}
