//! The built-in resources, read from a table.

use std::sync::{Arc, OnceLock};

use crate::resource::{Gvk, Resource, Subresource, Text};

const ALL_VERBS: &str = "create delete deletecollection get list patch update watch";

/// All built-in resources in discovery's order; preferred versions first within a group.
pub(crate) fn builtin() -> &'static [Arc<Resource>] {
    static TABLE: OnceLock<Vec<Arc<Resource>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        include_str!("kinds.txt")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .filter_map(row)
            .map(Arc::new)
            .collect()
    })
}

fn row(line: &'static str) -> Option<Resource> {
    let mut columns = line.split('|');
    let mut next = || columns.next();
    let (group, version, plural, singular, kind) = (next()?, next()?, next()?, next()?, next()?);
    let namespaced = next()? == "N";
    let (short_names, categories, verbs, subresources) = (next()?, next()?, next()?, next()?);
    let gvk = gvk(group, version, kind);
    let (bucket, storage_version) = storage(group, version, plural);
    Some(Resource {
        subresources: subresources.split(';').filter_map(|text| subresource(text, &gvk)).collect(),
        gvk,
        plural: Text::Borrowed(plural),
        singular: Text::Borrowed(singular),
        list_kind: Text::Owned(format!("{kind}List")),
        namespaced,
        short_names: texts(short_names, ','),
        categories: texts(categories, ','),
        verbs: texts(if verbs == "*" { ALL_VERBS } else { verbs }, ' '),
        bucket,
        storage_version: Text::Borrowed(storage_version),
        custom: None,
    })
}

/// Both groups of events are one bucket; two versions of a kind are stored as the newer.
fn storage(group: &str, version: &'static str, plural: &str) -> (Arc<str>, &'static str) {
    match (group, plural) {
        ("" | "events.k8s.io", "events") => (Arc::from("events"), "v1"),
        ("", _) => (Arc::from(plural), version),
        ("autoscaling", _) => (Arc::from(format!("autoscaling/{plural}")), "v2"),
        _ => (Arc::from(format!("{group}/{plural}")), version),
    }
}

fn subresource(text: &'static str, parent: &Gvk) -> Option<Subresource> {
    let mut parts = text.split(':');
    let (name, kind, verbs) = (parts.next()?, parts.next()?, parts.next()?);
    let mut path = kind.split('/');
    let gvk = match (path.next(), path.next(), path.next()) {
        (Some(group), Some(version), Some(kind)) => gvk(group, version, kind),
        (Some(""), ..) => parent.clone(),
        _ => Gvk { kind: Text::Borrowed(kind), ..parent.clone() },
    };
    Some(Subresource { name: Text::Borrowed(name), gvk, verbs: texts(verbs, ' ') })
}

fn gvk(group: &'static str, version: &'static str, kind: &'static str) -> Gvk {
    Gvk { group: Text::Borrowed(group), version: Text::Borrowed(version), kind: Text::Borrowed(kind) }
}

fn texts(list: &'static str, separator: char) -> Vec<Text> {
    list.split(separator).filter(|t| !t.is_empty()).map(Text::Borrowed).collect()
}
