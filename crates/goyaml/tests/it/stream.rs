use pilothouse_goyaml::events::{Event, Parser, ScalarStyle};
use pilothouse_goyaml::{JsonBuilder, Limits, parse};

#[test]
fn events_tell_structure_style_anchor_tag_and_place() {
    let source = b"a: &x 'q'\nb: [*x, !!int 1]\n";
    let mut parser = Parser::new(source, &Limits::default()).unwrap();
    let mut seen = Vec::new();
    let mut places = Vec::new();
    while let Some((event, at)) = parser.next_event().unwrap() {
        places.push((at.line, at.column));
        seen.push(event);
    }
    assert!(matches!(
        &seen[4],
        Event::Scalar { value, style: ScalarStyle::SingleQuoted, anchor: Some(anchor), tag: None }
            if value == "q" && anchor == "x"
    ));
    assert!(matches!(&seen[7], Event::Alias(name) if name == "x"));
    assert!(matches!(&seen[8], Event::Scalar { tag: Some(tag), .. } if tag == "tag:yaml.org,2002:int"));
    assert_eq!(places[5], (2, 1));
    assert_eq!(places[7], (2, 5));
    assert_eq!(seen.last(), Some(&Event::StreamEnd));
}

#[test]
fn every_document_of_a_stream_is_parsed() {
    let values = parse(b"a: 1\n---\n- x\n...\n---\n", &mut JsonBuilder, &Limits::default()).unwrap();
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    assert_eq!(values, ["{\"a\":1}", "[\"x\"]", "null"]);
}
