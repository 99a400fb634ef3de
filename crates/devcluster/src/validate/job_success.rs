//! The success policy of an indexed Job.

use serde_json::Value;

use super::report::{At, Report};

pub(super) fn policy(r: &mut Report, spec: &At<'_>, indexed: bool) {
    let policy = spec.get("successPolicy");
    if !policy.has() {
        return;
    }
    if !indexed {
        return r.invalid_whole(&policy, &format!("{}: requires indexed completion mode", internal(&policy)));
    }
    let rules = policy.get("rules");
    if rules.is_empty() {
        let text = "at least one rules must be specified when the successPolicy is specified";
        r.required(&rules, text);
    }
    for rule in rules.items() {
        one_rule(r, &rule, spec.get("completions").int().unwrap_or(0));
    }
}

/// The policy as the message shows it: with the names of Go's fields, in their order.
fn internal(policy: &At<'_>) -> String {
    let field = |rule: &At<'_>, name: &str| rule.value.get(name).cloned().unwrap_or(Value::Null);
    let rules = policy.get("rules").items().into_iter().map(|rule| {
        let (indexes, count) = (field(&rule, "succeededIndexes"), field(&rule, "succeededCount"));
        format!("{{\"SucceededIndexes\":{indexes},\"SucceededCount\":{count}}}")
    });
    format!("{{\"Rules\":[{}]}}", rules.collect::<Vec<_>>().join(","))
}

fn one_rule(r: &mut Report, rule: &At<'_>, completions: i64) {
    let (indexes, count) = (rule.get("succeededIndexes"), rule.get("succeededCount"));
    if !indexes.has() && !count.has() {
        let text = "at least one of succeededCount or succeededIndexes must be specified";
        r.required(rule, text);
    }
    let mut listed = 0;
    if indexes.has() {
        match number_of_indexes(indexes.str(), completions) {
            Ok(n) => listed = n,
            Err(why) => r.invalid(&indexes, format!("error parsing succeededIndexes: {why}")),
        }
    }
    let Some(wanted) = count.int() else { return };
    r.non_negative(&count);
    if wanted > completions {
        let text =
            format!("must be less than or equal to {completions} (the number of specified completions)");
        r.invalid(&count, text);
    }
    if indexes.has() && wanted > listed {
        let text = format!(
            "must be less than or equal to {listed} (the number of indexes in the specified succeededIndexes field)"
        );
        r.invalid(&count, text);
    }
}

/// How many indexes a list such as `0,2-4` names.
fn number_of_indexes(list: &str, completions: i64) -> Result<i64, String> {
    let number = |text: &str| {
        let n: i64 = text.parse().map_err(|_| {
            format!("cannot convert string to integer for index: {}", crate::status::go_quote(text))
        })?;
        if n >= completions {
            return Err(format!("too large index: {}", crate::status::go_quote(text)));
        }
        Ok(n)
    };
    let (mut total, mut previous) = (0, None);
    for part in list.split(',') {
        let (first, last) = part.split_once('-').map_or((part, None), |(a, b)| (a, Some(b)));
        let low = number(first)?;
        if let Some(before) = previous.filter(|before| low <= *before) {
            return Err(format!("non-increasing order, previous: {before}, current: {low}"));
        }
        let high = match last {
            Some(text) => number(text)?,
            None => low,
        };
        if last.is_some() && high <= low {
            return Err(format!("non-increasing order, previous: {low}, current: {high}"));
        }
        total += high - low + 1;
        previous = Some(high);
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::number_of_indexes;

    #[test]
    fn indexes_are_counted_and_rise() {
        assert_eq!(number_of_indexes("0,2-4", 5), Ok(4));
        assert_eq!(number_of_indexes("5-9", 3), Err("too large index: \"5\"".to_owned()));
        assert_eq!(
            number_of_indexes("1-0", 3),
            Err("non-increasing order, previous: 1, current: 0".to_owned())
        );
        assert_eq!(
            number_of_indexes("x", 3),
            Err("cannot convert string to integer for index: \"x\"".to_owned())
        );
    }
}
