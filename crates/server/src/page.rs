//! Searching, sorting and paging of lists.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// Most items on a page.
pub(crate) const MAX_PAGE_SIZE: usize = 500;

/// How a list is narrowed, ordered and cut.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Words that all must occur (anywhere in the item's texts, in any case).
    pub search: Option<String>,
    /// Field to sort by; a leading `-` reverses. Default: `name`. `match` puts first what the search names best: the
    /// name itself, then names that begin with it, then names that hold it, then the rest.
    pub sort: Option<String>,
    /// Page, from 1.
    pub page: Option<usize>,
    /// Items on a page, 1 to 500. Default: 25.
    pub page_size: Option<usize>,
    /// Only items in this state, for example `Ready` or `Failed`; several are separated by commas.
    pub state: Option<String>,
    /// Only items of this application (label `app.duplocloud.net/app-name`); empty: those of none. Releases and
    /// services have applications.
    pub app: Option<String>,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Number of items that match, on all pages.
    pub total: usize,
    /// This page, from 1.
    pub page: usize,
    /// Items on a page.
    pub page_size: usize,
    /// Number of items by state, before the filter by state.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub states: std::collections::BTreeMap<String, usize>,
    /// Number of items by application, before the filter by application; those of none are under the empty name.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub apps: std::collections::BTreeMap<String, usize>,
}

/// Sorts by how well the name answers the search.
const BEST_MATCH: &str = "match";

/// A value to sort by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SortKey {
    Text(String),
    Number(i64),
    /// Sorts after all others.
    Missing,
}

impl SortKey {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_lowercase())
    }

    pub(crate) fn number(number: Option<i64>) -> Self {
        number.map_or(Self::Missing, Self::Number)
    }
}

/// An item of a list that can be searched and sorted.
pub(crate) trait Listed {
    /// Names of the fields to sort by.
    const SORTS: &'static [&'static str];
    /// Appends the texts that a search looks through.
    fn texts<'a>(&'a self, texts: &mut Vec<&'a str>);
    /// The value of a field named in `SORTS`.
    fn sort_key(&self, field: &str) -> SortKey;
    /// The word a filter by state compares.
    #[allow(clippy::unnecessary_literal_bound, reason = "kinds with a state borrow it")]
    fn state(&self) -> &str {
        ""
    }
    /// The application of the item, empty for none; `None`: items of this kind have no applications.
    fn app(&self) -> Option<&str> {
        None
    }
}

impl ListQuery {
    /// Applies the query to all items.
    pub(crate) fn apply<T: Listed>(&self, mut items: Vec<T>) -> Result<Page<T>, Problem> {
        let page = self.page.unwrap_or(1);
        let page_size = self.page_size.unwrap_or(25);
        if page == 0 {
            return Err(Problem::field("page", "pages are counted from 1"));
        }
        if page_size == 0 || page_size > MAX_PAGE_SIZE {
            return Err(Problem::field("pageSize", format!("a page has 1 to {MAX_PAGE_SIZE} items")));
        }
        let (field, reversed) = match self.sort.as_deref().filter(|sort| !sort.is_empty()) {
            None => (T::SORTS.first().copied().unwrap_or_default(), false),
            Some(sort) => (sort.trim_start_matches('-'), sort.starts_with('-')),
        };
        if !T::SORTS.contains(&field) && field != BEST_MATCH {
            let fields = T::SORTS.join(", ");
            return Err(Problem::field("sort", format!("sort by one of: {fields}, {BEST_MATCH}")));
        }
        if let Some(search) = &self.search {
            let words: Vec<String> = search.split_whitespace().take(16).map(str::to_lowercase).collect();
            items.retain(|item| {
                let mut texts = Vec::new();
                item.texts(&mut texts);
                words.iter().all(|word| texts.iter().any(|text| text.to_lowercase().contains(word)))
            });
        }
        let apps = count(items.iter().filter_map(Listed::app));
        if let Some(wanted) = self.app.as_deref() {
            items.retain(|item| item.app() == Some(wanted));
        }
        let states = count(items.iter().map(Listed::state).filter(|state| !state.is_empty()));
        if let Some(wanted) = self.state.as_deref().filter(|state| !state.is_empty()) {
            items.retain(|item| {
                wanted.split(',').any(|state| state.trim().eq_ignore_ascii_case(item.state()))
            });
        }
        if field == BEST_MATCH {
            let name = T::SORTS.first().copied().unwrap_or_default();
            let search = self.search.as_deref().unwrap_or_default().trim().to_lowercase();
            items.sort_by_cached_key(|item| {
                let name = item.sort_key(name);
                (closeness(&name, &search), name)
            });
        } else {
            items.sort_by_cached_key(|item| item.sort_key(field));
        }
        if reversed {
            items.reverse();
        }
        let total = items.len();
        let start = (page - 1).saturating_mul(page_size).min(total);
        let items = items.into_iter().skip(start).take(page_size).collect();
        Ok(Page { items, total, page, page_size, states, apps })
    }
}

/// How well a name answers a search; less is better.
fn closeness(name: &SortKey, search: &str) -> u8 {
    match name {
        SortKey::Text(name) if name == search => 0,
        SortKey::Text(name) if name.starts_with(search) => 1,
        SortKey::Text(name) if name.contains(search) => 2,
        _ => 3,
    }
}

fn count<'a>(names: impl Iterator<Item = &'a str>) -> std::collections::BTreeMap<String, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for name in names {
        *counts.entry(name.to_owned()).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Item(&'static str, i64);

    impl Listed for Item {
        const SORTS: &'static [&'static str] = &["name", "size"];
        fn texts<'a>(&'a self, texts: &mut Vec<&'a str>) {
            texts.push(self.0);
        }
        fn sort_key(&self, field: &str) -> SortKey {
            if field == "name" { SortKey::text(self.0) } else { SortKey::number(Some(self.1)) }
        }
        fn state(&self) -> &str {
            if self.1 > 1 { "Big" } else { "Small" }
        }
    }

    fn names(query: &ListQuery) -> Vec<&'static str> {
        let items = vec![Item("beta", 1), Item("Alpha", 3), Item("gamma beta", 2)];
        query.apply(items).unwrap().items.iter().map(|item| item.0).collect()
    }

    #[test]
    fn a_list_is_searched_sorted_and_cut() {
        assert_eq!(names(&ListQuery::default()), ["Alpha", "beta", "gamma beta"]);
        let query = ListQuery { sort: Some("-size".into()), ..Default::default() };
        assert_eq!(names(&query), ["Alpha", "gamma beta", "beta"]);
        let query = ListQuery { search: Some("BETA gam".into()), ..Default::default() };
        assert_eq!(names(&query), ["gamma beta"]);
        let query = ListQuery { page: Some(2), page_size: Some(2), ..Default::default() };
        assert_eq!(names(&query), ["gamma beta"]);
        let query = ListQuery { state: Some("big".into()), ..Default::default() };
        assert_eq!(names(&query), ["Alpha", "gamma beta"]);
    }

    #[test]
    fn a_wrong_query_names_its_field() {
        for (query, field) in [
            (ListQuery { page: Some(0), ..Default::default() }, "page"),
            (ListQuery { page_size: Some(501), ..Default::default() }, "pageSize"),
            (ListQuery { sort: Some("color".into()), ..Default::default() }, "sort"),
        ] {
            let problem = query.apply(Vec::<Item>::new()).err().unwrap();
            assert_eq!(problem.errors[0].field, field);
        }
    }

    #[test]
    fn the_best_match_is_the_name_then_its_beginning_then_what_holds_it() {
        let query =
            ListQuery { search: Some("beta".into()), sort: Some("match".into()), ..Default::default() };
        let items = ["alphabeta", "beta-two", "gamma beta", "Beta"].map(|name| Item(name, 1)).to_vec();
        let page = query.apply(items).unwrap();
        let names: Vec<_> = page.items.iter().map(|item| item.0).collect();
        assert_eq!(names, ["Beta", "beta-two", "alphabeta", "gamma beta"]);
    }
}
