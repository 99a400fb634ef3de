//! Cells of printer columns: the JSON paths of kubectl, and how values become cells.

use serde_json::Value;

use super::Column;

/// Bound on what a path selects.
const MAX_RESULTS: usize = 1000;

/// One step of a path.
#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Index(i64),
    Slice(Option<i64>, Option<i64>),
    All,
    Descend,
    Filter(Vec<Self>, &'static str, Value),
}

impl Column {
    /// The cell of an object; a date as its text (the caller makes an age of it), null where there is no value.
    pub fn cell(&self, object: &Value) -> Value {
        let Some(steps) = parse(&self.json_path) else { return Value::Null };
        let Some(value) = select(&steps, object).into_iter().next() else { return Value::Null };
        match (self.kind.as_str(), value) {
            (_, Value::Null) => Value::Null,
            ("string", Value::String(s)) => Value::from(s.as_str()),
            ("string", other) => Value::from(other.to_string()),
            #[expect(clippy::cast_possible_truncation, reason = "as Go's int64(float)")]
            ("integer", Value::Number(n)) => {
                n.as_i64().or_else(|| n.as_f64().map(|f| f as i64)).map_or(Value::Null, Value::from)
            }
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) | ("date", Value::String(_)) => {
                value.clone()
            }
            _ => Value::Null,
        }
    }
}

/// Parses `.a.b[0]`, `['key']`, `[*]`, `[1:2]`, `..`, and filters `[?(@.x=="y")]`.
fn parse(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    rest = rest.strip_prefix('{').and_then(|r| r.strip_suffix('}')).unwrap_or(rest);
    rest = rest.strip_prefix('$').unwrap_or(rest);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            steps.push(Step::Descend);
            rest = if after.starts_with('[') { after } else { name(after, &mut steps) };
        } else if let Some(after) = rest.strip_prefix('.') {
            rest = if after.starts_with('[') { after } else { name(after, &mut steps) };
        } else if let Some(after) = rest.strip_prefix('[') {
            let end = closing(after)?;
            steps.push(bracket(&after[..end])?);
            rest = &after[end + 1..];
        } else {
            rest = name(rest, &mut steps);
        }
    }
    Some(steps)
}

/// Reads a plain name (dots and brackets may be escaped) and returns what follows.
fn name<'p>(text: &'p str, steps: &mut Vec<Step>) -> &'p str {
    let mut found = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => found.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' => {
                push_name(found, steps);
                return &text[at..];
            }
            c => found.push(c),
        }
    }
    push_name(found, steps);
    ""
}

fn push_name(name: String, steps: &mut Vec<Step>) {
    match name.as_str() {
        "" => {}
        "*" => steps.push(Step::All),
        _ => steps.push(Step::Key(name)),
    }
}

/// Where the bracket closes, quotes and inner brackets aside.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn bracket(text: &str) -> Option<Step> {
    let text = text.trim();
    if text == "*" {
        return Some(Step::All);
    }
    if let Some(filter) = text.strip_prefix("?(").and_then(|t| t.strip_suffix(')')) {
        for operator in ["==", "!=", "<=", ">=", "<", ">"] {
            if let Some((left, right)) = filter.split_once(operator) {
                let left = parse(left.trim().strip_prefix('@')?)?;
                return Some(Step::Filter(left, operator, literal(right.trim())?));
            }
        }
        return Some(Step::Filter(parse(filter.trim().strip_prefix('@')?)?, "?", Value::Null));
    }
    if let Some(key) = unquote(text) {
        return Some(Step::Key(key));
    }
    if let Some((from, to)) = text.split_once(':') {
        let number = |t: &str| if t.is_empty() { Some(None) } else { t.parse().ok().map(Some) };
        return Some(Step::Slice(number(from)?, number(to)?));
    }
    text.parse().ok().map(Step::Index)
}

fn unquote(text: &str) -> Option<String> {
    ['\'', '"'].into_iter().find_map(|q| {
        let inner = text.strip_prefix(q)?.strip_suffix(q)?;
        Some(inner.replace("\\.", ".").replace(&format!("\\{q}"), &q.to_string()))
    })
}

fn literal(text: &str) -> Option<Value> {
    unquote(text).map(Value::from).or_else(|| serde_json::from_str(text).ok())
}

fn select<'v>(steps: &[Step], value: &'v Value) -> Vec<&'v Value> {
    let mut current = vec![value];
    for step in steps {
        let mut next = Vec::new();
        for value in current {
            advance(step, value, &mut next);
            if next.len() > MAX_RESULTS {
                break;
            }
        }
        current = next;
    }
    current
}

fn advance<'v>(step: &Step, value: &'v Value, next: &mut Vec<&'v Value>) {
    match step {
        Step::Key(key) => next.extend(value.get(key)),
        Step::All => match value {
            Value::Array(list) => next.extend(list),
            Value::Object(map) => next.extend(map.values()),
            _ => {}
        },
        Step::Index(index) => {
            let Some(list) = value.as_array() else { return };
            let at = at(*index, list.len());
            next.extend(list.get(at));
        }
        Step::Slice(from, to) => {
            let Some(list) = value.as_array() else { return };
            let start = from.map_or(0, |f| at(f, list.len())).min(list.len());
            let end = to.map_or(list.len(), |t| at(t, list.len())).min(list.len());
            next.extend(list.get(start..end).unwrap_or_default());
        }
        Step::Descend => descend(value, next),
        Step::Filter(path, operator, wanted) => {
            let Some(list) = value.as_array() else { return };
            next.extend(
                list.iter().filter(|item| {
                    select(path, item).into_iter().any(|found| holds(found, operator, wanted))
                }),
            );
        }
    }
}

fn at(index: i64, length: usize) -> usize {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    usize::try_from(if index < 0 { length + index } else { index }).unwrap_or(usize::MAX)
}

fn descend<'v>(value: &'v Value, next: &mut Vec<&'v Value>) {
    if next.len() > MAX_RESULTS {
        return;
    }
    next.push(value);
    match value {
        Value::Array(list) => list.iter().for_each(|v| descend(v, next)),
        Value::Object(map) => map.values().for_each(|v| descend(v, next)),
        _ => {}
    }
}

fn holds(found: &Value, operator: &str, wanted: &Value) -> bool {
    use std::cmp::Ordering;
    let order = match (found, wanted) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    };
    match operator {
        "?" => true,
        "==" => found == wanted || order == Some(Ordering::Equal),
        "!=" => found != wanted && order != Some(Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ">" => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_what_kubectl_prints() {
        let object = json!({"spec": {"list": ["p", "q"], "n": 3, "on": true, "a.b": "dotted"}, "status": {"conditions": [
            {"type": "Ready", "status": "True"}, {"type": "Stalled", "status": "False"}]}});
        let cell = |kind: &str, path: &str| {
            Column { kind: kind.into(), json_path: path.into(), ..Column::default() }.cell(&object)
        };
        assert_eq!(cell("string", ".spec.list[0]"), json!("p"));
        assert_eq!(cell("string", ".spec.list[-1]"), json!("q"));
        assert_eq!(cell("string", ".spec.list[*]"), json!("p"));
        assert_eq!(cell("string", ".spec.list"), json!("[\"p\",\"q\"]"));
        assert_eq!(cell("integer", ".spec.n"), json!(3));
        assert_eq!(cell("boolean", ".spec.on"), json!(true));
        assert_eq!(cell("string", ".spec.nope"), Value::Null);
        assert_eq!(cell("string", ".spec['a.b']"), json!("dotted"));
        assert_eq!(cell("string", ".status.conditions[?(@.type==\"Ready\")].status"), json!("True"));
        assert_eq!(cell("string", ".status.conditions[?(@.type=='Stalled')].status"), json!("False"));
    }
}
