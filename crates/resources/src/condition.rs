//! Conditions: how a resource says what is true of it.

use jiff::Timestamp;
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Type of the summary condition.
pub const READY: &str = "Ready";
/// Type of the condition that is present while work goes on.
pub const RECONCILING: &str = "Reconciling";
/// Type of the condition that is present when only a change by a person helps.
pub const STALLED: &str = "Stalled";

/// Longest message that is stored, in bytes (`metav1.Condition`: maxLength 32768).
pub const MAX_MESSAGE: usize = 32768;

/// Status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is so.
    True,
    /// It is not so.
    False,
    /// Not known (yet).
    Unknown,
}

impl Status {
    /// The word the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// The condition of that type.
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Whether the condition of that type is there with status `True`.
pub fn is_true(conditions: &[Condition], type_: &str) -> bool {
    find(conditions, type_).is_some_and(|condition| condition.status == "True")
}

/// Sets a condition; its transition time moves only where status, reason or message change.
///
/// Messages longer than [`MAX_MESSAGE`] are cut. Keeps the order that Flux's tools rely on: Stalled, Reconciling,
/// Ready, then the others by name.
pub fn set(
    conditions: &mut Vec<Condition>,
    type_: &str,
    status: Status,
    reason: &str,
    message: &str,
    generation: i64,
    now: Timestamp,
) {
    let message = cut(message);
    let unchanged = find(conditions, type_)
        .filter(|old| old.status == status.as_str() && old.reason == reason && old.message == message);
    let last_transition_time = unchanged.map_or(Time(now), |old| old.last_transition_time.clone());
    let condition = Condition {
        last_transition_time,
        message: message.to_owned(),
        observed_generation: Some(generation),
        reason: reason.to_owned(),
        status: status.as_str().to_owned(),
        type_: type_.to_owned(),
    };
    match conditions.iter_mut().find(|old| old.type_ == type_) {
        Some(old) => *old = condition,
        None => conditions.push(condition),
    }
    conditions.sort_by(|a, b| rank(a).cmp(&rank(b)));
}

/// Removes the condition of that type; tells whether it was there.
pub fn remove(conditions: &mut Vec<Condition>, type_: &str) -> bool {
    let before = conditions.len();
    conditions.retain(|condition| condition.type_ != type_);
    conditions.len() != before
}

fn rank(condition: &Condition) -> (u8, i64, &str) {
    let place = match condition.type_.as_str() {
        STALLED => 0,
        RECONCILING => 1,
        READY => 2,
        _ => return (3, -condition.observed_generation.unwrap_or_default(), &condition.type_),
    };
    (place, 0, "")
}

fn cut(message: &str) -> &str {
    if message.len() <= MAX_MESSAGE {
        return message;
    }
    let end = (0..=MAX_MESSAGE).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    &message[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn transition_time_moves_only_with_a_change() {
        let mut conditions = Vec::new();
        set(&mut conditions, READY, Status::True, "Succeeded", "ok", 1, at(10));
        set(&mut conditions, READY, Status::True, "Succeeded", "ok", 2, at(20));
        assert_eq!(conditions[0].last_transition_time, Time(at(10)));
        assert_eq!(conditions[0].observed_generation, Some(2));
        set(&mut conditions, READY, Status::True, "Succeeded", "other", 2, at(30));
        assert_eq!(conditions[0].last_transition_time, Time(at(30)));
    }

    #[test]
    fn order_is_stalled_reconciling_ready_then_the_rest() {
        let mut conditions = Vec::new();
        for type_ in ["Released", READY, "Drifted", RECONCILING, STALLED] {
            set(&mut conditions, type_, Status::True, "R", "", 1, at(1));
        }
        let types: Vec<_> = conditions.iter().map(|c| c.type_.as_str()).collect();
        assert_eq!(types, [STALLED, RECONCILING, READY, "Drifted", "Released"]);
    }

    #[test]
    fn a_message_is_cut_at_a_character() {
        let long = "ä".repeat(MAX_MESSAGE);
        let mut conditions = Vec::new();
        set(&mut conditions, READY, Status::False, "R", &long, 1, at(1));
        assert_eq!(conditions[0].message.len(), MAX_MESSAGE);
    }
}
