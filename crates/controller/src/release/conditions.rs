//! Conditions of a HelmRelease: Flux's words.

use pilothouse_resources::condition::{self, Condition, Status};

use crate::status::Conditions;

pub(super) const RELEASED: &str = "Released";
pub(super) const TEST_SUCCESS: &str = "TestSuccess";
pub(super) const REMEDIATED: &str = "Remediated";
pub(super) const DRIFTED: &str = "Drifted";
pub(super) const PROGRESSING: &str = "Progressing";
pub(super) const PROGRESSING_WITH_RETRY: &str = "ProgressingWithRetry";

/// Work goes on; a stalled release is none any more.
pub(super) fn reconciling(conditions: &mut Conditions, reason: &str, message: &str) {
    conditions.remove(condition::STALLED);
    conditions.set(condition::RECONCILING, Status::True, reason, message);
}

/// Before anything can be done: a source, a dependency or a value is missing.
pub(super) fn unfulfilled(conditions: &mut Conditions, reason: &str, message: &str) {
    reconciling(conditions, PROGRESSING, "Fulfilling prerequisites");
    conditions.set(condition::READY, Status::False, reason, message);
}

/// An action is under way.
pub(super) fn running(conditions: &mut Conditions, message: &str, detail: Option<&str>) {
    reconciling(conditions, PROGRESSING, message);
    let ready = detail.map_or_else(|| message.to_owned(), |detail| format!("{message}: {detail}"));
    conditions.set(condition::READY, Status::Unknown, PROGRESSING, &ready);
}

/// No further try.
pub(super) fn stalled(conditions: &mut Conditions, reason: &str, message: &str) {
    conditions.remove(condition::RECONCILING);
    conditions.set(condition::STALLED, Status::True, reason, message);
}

/// Ready sums up the others: the newest generation first, then Remediated before `TestSuccess` before Released. A
/// remediated release is not ready.
pub(super) fn summarize(conditions: &mut Conditions, tests_count: bool) {
    let mut types = vec![REMEDIATED];
    if tests_count {
        types.push(TEST_SUCCESS);
    }
    types.push(RELEASED);
    let present = types.into_iter().filter_map(|type_| conditions.get(type_).cloned());
    // The first of equal generations wins, which is why the key is negated and not reversed.
    let first: Option<Condition> =
        present.min_by_key(|condition| -condition.observed_generation.unwrap_or_default());
    let Some(first) = first else { return };
    let status = match first.status.as_str() {
        _ if first.type_ == REMEDIATED => Status::False,
        "True" => Status::True,
        "False" => Status::False,
        _ => Status::Unknown,
    };
    if status == Status::True {
        conditions.remove(condition::STALLED);
    }
    conditions.set(condition::READY, status, &first.reason, &first.message);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &[(&str, Status, &str)], tests_count: bool, expected: &str) {
        let mut conditions = Conditions::new(Vec::new(), 1);
        for (type_, status, reason) in set {
            conditions.set(type_, *status, reason, "");
        }
        summarize(&mut conditions, tests_count);
        let ready = conditions.get(condition::READY).unwrap();
        assert_eq!(format!("{}/{}", ready.status, ready.reason), expected);
    }

    #[test]
    fn ready_sums_up_the_others() {
        let released = (RELEASED, Status::True, "InstallSucceeded");
        let failed = (RELEASED, Status::False, "UpgradeFailed");
        let tested = (TEST_SUCCESS, Status::False, "TestFailed");
        let remediated = (REMEDIATED, Status::True, "RollbackSucceeded");
        check(&[released], false, "True/InstallSucceeded");
        check(&[released, tested], true, "False/TestFailed");
        check(&[released, tested], false, "True/InstallSucceeded");
        check(&[failed, remediated], false, "False/RollbackSucceeded");
    }
}
