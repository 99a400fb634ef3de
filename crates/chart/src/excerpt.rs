//! Template errors for people: the line with the place marked, the chain of includes, the value that was missing.

use std::fmt::Write as _;

use pilothouse_gotemplate::{ExecError, Location, ParseError};

/// Most places of a chain that are shown; the innermost ones.
const MAX_PLACES: usize = 8;
/// Most characters of a line that are shown.
const MAX_WIDTH: usize = 120;
/// Characters shown before the place in a line that is longer.
const BEFORE: usize = 40;

/// The line that does not parse. Go knows no column, so all of it is marked.
pub(crate) fn of_parse_error(error: &ParseError) -> String {
    let column = error.excerpt.len() - error.excerpt.trim_start().len();
    let width = error.excerpt.trim().chars().count();
    format!("at {}:{}\n{}", error.template, error.line, marked(&error.excerpt, column, width))
}

/// Every place from the innermost template to the outermost, then the value that was missing.
pub(crate) fn of_exec_error(error: &ExecError) -> Option<String> {
    let trace = error.trace();
    let innermost = trace.last()?;
    let mut out = String::new();
    for place in trace.iter().rev().take(MAX_PLACES) {
        let relation = if out.is_empty() { "at" } else { "called from" };
        let _ = writeln!(out, "{relation} {}:{}:{}", place.file, place.line, place.column);
        let (column, width) = extent(place);
        let _ = writeln!(out, "{}", marked(&place.excerpt, column, width));
    }
    if trace.len() > MAX_PLACES {
        let _ = writeln!(out, "and {} places further out", trace.len() - MAX_PLACES);
    }
    if let Some(missing) = missing_value(error, innermost) {
        out.push_str(&missing);
    }
    Some(out.trim_end().to_owned())
}

/// The byte where the expression begins, and its characters. Go's column lies within a chain of fields.
fn extent(place: &Location) -> (usize, usize) {
    let (line, context, column) = (&place.excerpt, &place.context, place.column as usize);
    let starts = column.saturating_sub(context.len())..=column;
    let found =
        starts.rev().find(|at| line.get(*at..).is_some_and(|rest| rest.starts_with(context.as_str())));
    (found.unwrap_or(column), context.chars().count())
}

/// A line, and below it carets under `width` characters from the byte `column` on; of a long line the part around it.
fn marked(line: &str, column: usize, width: usize) -> String {
    let before = line.char_indices().take_while(|(at, _)| *at < column).count();
    let from = if line.chars().count() > MAX_WIDTH { before.saturating_sub(BEFORE) } else { 0 };
    let shown: String = line.chars().skip(from).take(MAX_WIDTH).collect();
    let cut = |cut: bool| if cut { "…" } else { "" };
    let (start, end) = (cut(from > 0), cut(line.chars().count() > from + MAX_WIDTH));
    let indent: String =
        shown.chars().take(before - from).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let room = shown.chars().count().saturating_sub(before - from).max(1);
    let carets = "^".repeat(width.clamp(1, room));
    let gap = if start.is_empty() { "" } else { " " };
    format!("  | {start}{shown}{end}\n  | {gap}{indent}{carets}")
}

/// The value whose absence is the reason, where the message and the place tell.
fn missing_value(error: &ExecError, place: &Location) -> Option<String> {
    let message = innermost_message(error);
    let expression = if let Some(field) = message.strip_prefix("nil pointer evaluating interface {}.") {
        receiver(&place.context, field)?
    } else if message.contains("error calling required")
        || message.contains("error calling index: index of untyped nil")
    {
        argument(place)?
    } else if message.starts_with("invalid value; expected ")
        || (message.starts_with("wrong type for value; expected ") && message.ends_with("; got interface {}"))
    {
        chain(&place.context).or_else(|| piped(place))?
    } else {
        return None;
    };
    let mut out = format!("missing: {expression} has no value");
    if let Some(path) = values_path(&expression, &place.file) {
        let _ = write!(out, "; set `{path}` in the values");
    }
    Some(out)
}

/// What went wrong at the innermost place.
fn innermost_message(error: &ExecError) -> String {
    let mut message = error;
    while let Some(inner) = message.cause.as_ref().and_then(|cause| cause.exec()) {
        message = inner;
    }
    match &message.cause {
        Some(cause) => format!("{}: {cause}", message.message),
        None => message.message.clone(),
    }
}

/// `.Values.a` of `.Values.a.b.c` where asking for `.b` failed.
fn receiver(context: &str, field: &str) -> Option<String> {
    let expression = chain(context)?;
    let parts: Vec<&str> = expression.split('.').collect();
    // The first part is a variable or empty; asking the first field of `.` never fails so.
    let at = parts.iter().enumerate().skip(2).find(|(_, part)| **part == field)?.0;
    let found = parts[..at].join(".");
    (!found.is_empty()).then_some(found)
}

/// The first word of a text, if it is a chain of fields such as `.Values.a` or `$x.b`.
fn chain(text: &str) -> Option<String> {
    let word = text.split([' ', ')', '|', '}']).next()?.trim_start_matches('(');
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$');
    let is_chain =
        word.starts_with(['.', '$']) && word.contains('.') && word.len() > 1 && word.chars().all(inside);
    is_chain.then(|| word.to_owned())
}

/// The value given to a function: the last argument in the call, or what is piped into it.
fn argument(place: &Location) -> Option<String> {
    place.context.split(' ').filter_map(chain).next_back().or_else(|| piped(place))
}

/// What stands before the last `|` on the way to the place.
fn piped(place: &Location) -> Option<String> {
    let (before, _) = place.excerpt.get(..place.column as usize)?.rsplit_once('|')?;
    chain(before.trim_end().rsplit([' ', '(', '{']).next()?)
}

/// Where a person sets a chart's value: below the names of the subcharts that the template's path goes through.
fn values_path(expression: &str, file: &str) -> Option<String> {
    let path = expression.trim_start_matches('$').strip_prefix(".Values.")?;
    if let Some(global) = path.strip_prefix("global.") {
        return Some(format!("global.{global}"));
    }
    let parts: Vec<&str> = file.split('/').collect();
    let mut below = String::new();
    for pair in parts.windows(2).take_while(|pair| pair[0] != "templates") {
        if pair[0] == "charts" {
            below.push_str(pair[1]);
            below.push('.');
        }
    }
    Some(format!("{below}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}{{{{ .x }}}}{}", "a".repeat(500), "b".repeat(500));
        let text = marked(&line, 503, 2);
        let lines: Vec<&str> = text.lines().collect();
        let at = lines[1].find('^').unwrap();
        let shown: Vec<char> = lines[0].chars().collect();
        assert_eq!(shown[at..at + 2].iter().collect::<String>(), ".x");
        assert!(lines[0].chars().count() < 140 && lines[0].contains('…'));
        assert_eq!(marked("ä: {{ .x }}", 7, 2), "  | ä: {{ .x }}\n  |       ^^");
        assert_eq!(marked("", 7, 3), "  | \n  | ^");
    }

    #[test]
    fn a_values_path_goes_through_the_subcharts() {
        assert_eq!(values_path(".Values.a.b", "c/templates/x.yaml").unwrap(), "a.b");
        assert_eq!(values_path("$.Values.a", "c/charts/d/charts/e/templates/x.yaml").unwrap(), "d.e.a");
        assert_eq!(values_path(".Values.global.a", "c/charts/d/templates/x.yaml").unwrap(), "global.a");
        assert!(values_path(".x.y", "c/templates/x.yaml").is_none());
    }

    #[test]
    fn the_receiver_is_what_comes_before_the_failing_field() {
        assert_eq!(receiver(".Values.a.b.c", "b").unwrap(), ".Values.a");
        assert_eq!(receiver("$x.a.b", "b").unwrap(), "$x.a");
        assert!(receiver("include \"x\" .", "b").is_none());
    }
}
