//! Differences between texts and between sets of manifests.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

/// Longest time for one comparison; beyond that the result is coarser.
const TIME: Duration = Duration::from_millis(500);

/// Two texts and how they differ.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextComparison {
    /// The old text.
    pub from: String,
    /// The new text.
    pub to: String,
    /// The difference in unified form; empty where there is none.
    pub unified: String,
    /// Lines added.
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
}

/// Compares two texts.
pub fn texts(from: String, to: String, from_name: &str, to_name: &str) -> TextComparison {
    let (unified, added, removed) = unified(&from, &to, from_name, to_name);
    TextComparison { from, to, unified, added, removed }
}

fn unified(from: &str, to: &str, from_name: &str, to_name: &str) -> (String, usize, usize) {
    let diff = TextDiff::configure().timeout(TIME).diff_lines(from, to);
    let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    let (added, removed) = (count(ChangeTag::Insert), count(ChangeTag::Delete));
    if added + removed == 0 {
        return (String::new(), 0, 0);
    }
    let text = diff.unified_diff().context_radius(3).header(from_name, to_name).to_string();
    (text, added, removed)
}

/// What happens to one object or file.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemChange {
    /// `Deployment apps/web`, or a file's path.
    pub item: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// The difference in unified form.
    pub unified: String,
    /// Lines added.
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
}

/// Compares two sets of named texts; what is equal is left out.
pub fn sets(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>) -> Vec<ItemChange> {
    let mut changes = Vec::new();
    let names = from.keys().chain(to.keys().filter(|name| !from.contains_key(*name)));
    for name in names {
        let (old, new) = (from.get(name), to.get(name));
        if old == new {
            continue;
        }
        let change = match (old, new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let empty = String::new();
        let (text, added, removed) = unified(old.unwrap_or(&empty), new.unwrap_or(&empty), name, name);
        if change != "changed" || added + removed > 0 {
            changes.push(ItemChange {
                item: name.clone(),
                change: change.to_owned(),
                unified: text,
                added,
                removed,
            });
        }
    }
    changes.sort_by(|a, b| a.item.cmp(&b.item));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        let same = texts("a\n".into(), "a\n".into(), "1", "2");
        assert_eq!((same.unified.as_str(), same.added, same.removed), ("", 0, 0));
    }

    #[test]
    fn sets_tell_what_is_added_removed_and_changed() {
        let set = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        let changes = sets(
            &set(&[("a", "1\n"), ("b", "1\n"), ("c", "1\n")]),
            &set(&[("b", "2\n"), ("c", "1\n"), ("d", "1\n")]),
        );
        let told: Vec<_> = changes.iter().map(|c| (c.item.as_str(), c.change.as_str())).collect();
        assert_eq!(told, [("a", "removed"), ("b", "changed"), ("d", "added")]);
        assert!(changes[1].unified.contains("-1\n+2\n"));
    }
}
