//! Small texts of cells: ages, lists, selectors.

use jiff::Timestamp;
use serde_json::Value;

/// `<none>`.
pub(super) const NONE: &str = "<none>";
/// `<unknown>`.
pub(super) const UNKNOWN: &str = "<unknown>";
/// `<unset>`.
pub(super) const UNSET: &str = "<unset>";

/// A text field; empty where it is missing.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A whole number; 0 where it is missing.
pub(super) fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// A text, or `<none>` where it is empty.
pub(super) fn or_none(value: &str) -> String {
    if value.is_empty() { NONE.to_owned() } else { value.to_owned() }
}

/// Items of a list; none where it is missing.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// How long ago a time was, as `duration.HumanDuration` prints it.
pub(super) fn age(time: &Value) -> String {
    let parsed = time.as_str().and_then(|t| t.parse::<Timestamp>().ok());
    parsed.map_or_else(|| UNKNOWN.to_owned(), |time| human(Timestamp::now().as_second() - time.as_second()))
}

/// The time between two times.
pub(super) fn between(from: &Value, to: &Value) -> Option<String> {
    let parse = |time: &Value| time.as_str().and_then(|t| t.parse::<Timestamp>().ok());
    Some(human(parse(to)?.as_second() - parse(from)?.as_second()))
}

/// Seconds as `duration.HumanDuration` prints them.
pub(super) fn human(seconds: i64) -> String {
    if seconds < -1 {
        return "<invalid>".to_owned();
    }
    let seconds = seconds.max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let join = |big: i64, unit: &str, small: i64, small_unit: &str| {
        if small == 0 { format!("{big}{unit}") } else { format!("{big}{unit}{small}{small_unit}") }
    };
    match () {
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => join(minutes, "m", seconds % 60, "s"),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => join(hours, "h", minutes % 60, "m"),
        () if hours < 48 => format!("{hours}h"),
        () if hours < 192 => join(days, "d", hours % 24, "h"),
        () if days < 365 * 2 => format!("{days}d"),
        () if days < 365 * 8 => join(days / 365, "y", days % 365, "d"),
        () => format!("{}y", days / 365),
    }
}

/// Equal labels, as a selector prints them: `a=b,c=d`; `<none>` where there are none.
pub(super) fn labels(map: &Value) -> String {
    let pairs: Vec<String> =
        map.as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", text(v))).collect();
    or_none(&pairs.join(","))
}

/// A `metav1.LabelSelector` as text; `<none>` where it selects everything.
pub(super) fn selector(selector: &Value) -> String {
    let mut terms: Vec<String> = Vec::new();
    for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
        terms.push(format!("{key}={}", text(value)));
    }
    for expression in items(&selector["matchExpressions"]) {
        let key = text(&expression["key"]);
        let values: Vec<&str> = items(&expression["values"]).iter().map(text).collect();
        terms.push(match text(&expression["operator"]) {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    or_none(&terms.join(","))
}

/// Names and images of a Pod template's containers.
pub(super) fn containers(template: &Value) -> (String, String) {
    let list = items(&template["spec"]["containers"]);
    let join = |field: &str| list.iter().map(|c| text(&c[field])).collect::<Vec<_>>().join(",");
    (join("name"), join("image"))
}

/// Access modes in short: `RWO,ROX,RWX,RWOP`.
pub(super) fn access_modes(modes: &Value) -> String {
    let has = |mode: &str| items(modes).iter().any(|m| m == mode);
    let all = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    all.iter().filter(|(mode, _)| has(mode)).map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn ages_are_shortened_as_kubectl_shows_them() {
        for (seconds, expected) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (130, "2m10s"),
            (3600, "60m"),
            (3 * 3600, "3h"),
            (3 * 3600 + 60, "3h1m"),
            (49 * 3600, "2d1h"),
            (400 * 86_400, "400d"),
        ] {
            assert_eq!(human(seconds), expected);
        }
    }
}
