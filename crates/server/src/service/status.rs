//! The state of an object in words: one state, one sentence, and the conditions behind them.

use jiff::Timestamp;
use kube::core::ObjectMeta;
use pilothouse_resources::{Condition, condition};
use serde::Serialize;
use utoipa::ToSchema;

/// State of a resource, for people.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// One word: `Ready`, `Failed`, `Stalled`, `Progressing`, `Suspended`, `Deleting` or `Pending`.
    pub state: String,
    /// The Ready condition: `True`, `False` or `Unknown`.
    pub ready: String,
    /// Reason of the Ready condition, for example `Succeeded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The state in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Since when it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Whether work goes on.
    pub reconciling: bool,
    /// Whether the last change of the specification was looked at.
    pub observed: bool,
    /// All conditions.
    pub conditions: Vec<ConditionView>,
}

/// One condition.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionView {
    /// For example `Ready`.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// A word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub last_transition_time: Timestamp,
}

impl Status {
    /// The state of an object with those conditions.
    pub fn of(
        meta: &ObjectMeta,
        conditions: &[Condition],
        observed_generation: Option<i64>,
        suspended: bool,
    ) -> Self {
        let ready = condition::find(conditions, condition::READY);
        let stalled = condition::find(conditions, condition::STALLED).filter(|c| c.status == "True");
        let reconciling = condition::is_true(conditions, condition::RECONCILING);
        let observed = observed_generation.is_some() && observed_generation == meta.generation;
        let ready_status = ready.map_or("Unknown", |condition| condition.status.as_str());
        let state = if meta.deletion_timestamp.is_some() {
            "Deleting"
        } else if suspended {
            "Suspended"
        } else if stalled.is_some() {
            "Stalled"
        } else {
            match ready_status {
                "False" => "Failed",
                "True" if observed || !reconciling => "Ready",
                "True" => "Progressing",
                _ if ready.is_some() || reconciling => "Progressing",
                _ => "Pending",
            }
        };
        let told = ready.or(stalled);
        Self {
            state: state.to_owned(),
            ready: ready_status.to_owned(),
            reason: told.map(|condition| condition.reason.clone()),
            message: told.map(|condition| condition.message.clone()),
            since: told.map(|condition| condition.last_transition_time.0),
            reconciling,
            observed,
            conditions: conditions.iter().map(ConditionView::of).collect(),
        }
    }
}

impl ConditionView {
    fn of(condition: &Condition) -> Self {
        Self {
            type_: condition.type_.clone(),
            status: condition.status.clone(),
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            last_transition_time: condition.last_transition_time.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(conditions: &[(&str, &str)], suspended: bool) -> String {
        let mut list = Vec::new();
        for (type_, status) in conditions {
            let status = match *status {
                "True" => condition::Status::True,
                "False" => condition::Status::False,
                _ => condition::Status::Unknown,
            };
            condition::set(&mut list, type_, status, "Reason", "message", 1, Timestamp::UNIX_EPOCH);
        }
        let meta = ObjectMeta { generation: Some(1), ..Default::default() };
        Status::of(&meta, &list, Some(1), suspended).state
    }

    #[test]
    fn one_word_says_the_state() {
        assert_eq!(state(&[], false), "Pending");
        assert_eq!(state(&[("Ready", "True")], false), "Ready");
        assert_eq!(state(&[("Ready", "False"), ("Reconciling", "True")], false), "Failed");
        assert_eq!(state(&[("Ready", "Unknown"), ("Reconciling", "True")], false), "Progressing");
        assert_eq!(state(&[("Ready", "False"), ("Stalled", "True")], false), "Stalled");
        assert_eq!(state(&[("Ready", "True")], true), "Suspended");
    }
}
