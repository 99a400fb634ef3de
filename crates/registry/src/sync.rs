//! Brings the catalog of an OCI repository up to date.
//!
//! ```text
//! discover ─► charts ─► one tag list each ─► tags not seen before ─► manifest + config ─► State ─► Catalog
//! ```
//!
//! What a tag holds is read once and kept in [`State`], so an unchanged repository costs its listing and one tag list
//! a chart. Only a [`Options::recheck`] asks again whether known tags moved (one HEAD each).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use crate::discovery::{self, Found, Method};
use crate::error::Kind;
use crate::manifest::Manifest;
use crate::{
    Catalog, ChartVersion, Digest, Error, OciClient, RateLimit, TagList, envelope, index_entry, version,
};

/// Annotation with the time an artifact was made.
const CREATED: &str = "org.opencontainers.image.created";
/// Syncs that ask again for the manifest of a listed tag that was not there: registries that replicate list a tag
/// before they have it, others list some for ever.
const MISSING_AGAIN: u8 = 3;
/// Notes kept from one sync.
const MAX_NOTES: usize = 20;

/// What earlier syncs learned. Serialise it beside the catalog, so that a restart costs nothing either.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// How the charts were listed.
    pub method: Option<Method>,
    /// Charts by their path below the repository's URL; each with its tags.
    pub charts: BTreeMap<String, BTreeMap<String, Record>>,
}

/// What a tag held when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Record {
    /// A chart.
    Chart(Box<ChartVersion>),
    /// Something else, by the type of its config.
    Other {
        /// Digest of the manifest, where there was one to read.
        manifest: Option<Digest>,
    },
    /// Nothing yet: the tag is listed, its manifest was not there.
    Missing {
        /// Syncs that still ask for it before only a recheck does.
        again: u8,
    },
}

/// How a sync is done.
#[derive(Debug, Clone)]
pub struct Options {
    /// How charts are found.
    pub discovery: discovery::Options,
    /// Most tags read (manifest and config) in one sync; the rest follow in the next. Default 5,000.
    pub max_reads: usize,
    /// Requests in flight. Default 16.
    pub concurrency: usize,
    /// Time for the whole sync; what is not read by then follows in the next. Default 10 minutes.
    pub timeout: Duration,
    /// Ask whether tags that were read before still point to the same manifest.
    pub recheck: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            discovery: discovery::Options::default(),
            max_reads: 5_000,
            concurrency: 16,
            timeout: Duration::from_secs(600),
            recheck: false,
        }
    }
}

/// A tag that points to another manifest than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedTag {
    /// The chart.
    pub chart: String,
    /// The tag.
    pub tag: String,
    /// Where it pointed.
    pub from: Digest,
    /// Where it points.
    pub to: Digest,
}

/// The outcome of a sync.
#[derive(Debug, Clone)]
pub struct Synced {
    /// The charts and their versions.
    pub catalog: Catalog,
    /// What to hand to the next sync.
    pub state: State,
    /// How the charts were found.
    pub method: Method,
    /// Whether everything was listed and read.
    pub complete: bool,
    /// Why not, and other things a person should know (at most 20).
    pub notes: Vec<String>,
    /// Requests sent.
    pub requests: u64,
    /// The registry's word on its rate limit.
    pub rate_limit: Option<RateLimit>,
    /// Tags that moved.
    pub moved: Vec<MovedTag>,
}

/// Syncs the charts below `client`'s URL, starting from what `state` knows.
///
/// # Errors
/// The charts cannot be found, or nothing at all can be read. A chart that fails alone keeps its former versions, and
/// the outcome says that it is not complete.
pub async fn sync(client: &OciClient, mut state: State, options: &Options) -> Result<Synced, Error> {
    let (before, deadline) = (client.requests(), Instant::now() + options.timeout);
    let mut discovery = options.discovery.clone();
    discovery.previous = discovery.previous.or(state.method.filter(|_| !options.recheck));
    let mut found = discovery::discover(client, &discovery).await?;
    let mut run =
        Run { client, options, deadline, reads: AtomicUsize::new(options.max_reads), notes: Vec::new() };
    run.notes.extend(found.note.take());
    if found.complete {
        state.charts.retain(|chart, _| found.charts.contains(chart));
    }
    let tags = run.tag_lists(&mut found).await?;
    let mut complete = found.complete && tags.complete;
    let mut work = run.plan(&mut state, tags.lists, &mut complete);
    let moved = if options.recheck { run.recheck(&mut state, &mut work).await } else { Vec::new() };
    complete &= run.read(&mut state, work).await?;
    state.method = Some(found.method);
    let catalog = catalog_of(&state, client.url().last_segment());
    run.notes.truncate(MAX_NOTES);
    Ok(Synced {
        catalog,
        method: found.method,
        complete,
        notes: run.notes,
        requests: client.requests().saturating_sub(before),
        rate_limit: client.rate_limit(),
        moved,
        state,
    })
}

/// The catalog a state amounts to; `own` is the name of the chart at the URL itself.
pub fn catalog_of(state: &State, own: &str) -> Catalog {
    let mut catalog = Catalog::default();
    for (chart, tags) in &state.charts {
        let versions: Vec<ChartVersion> = tags
            .values()
            .filter_map(|record| match record {
                Record::Chart(version) => Some(ChartVersion::clone(version)),
                Record::Other { .. } | Record::Missing { .. } => None,
            })
            .collect();
        let name = if chart.is_empty() { own } else { chart };
        catalog.entries.entry(name.to_owned()).or_default().extend(versions);
    }
    catalog.sort();
    catalog
}

struct Run<'a> {
    client: &'a OciClient,
    options: &'a Options,
    deadline: Instant,
    reads: AtomicUsize,
    notes: Vec<String>,
}

struct TagLists {
    lists: BTreeMap<String, TagList>,
    complete: bool,
}

/// One tag to read.
struct Work {
    chart: String,
    tag: String,
    version: Version,
    /// Position among its chart's tags, newest first: the newest of every chart are read before older ones.
    rank: usize,
}

impl Run<'_> {
    /// One tag list for each chart found. A chart without tags is left out; one that fails is noted.
    async fn tag_lists(&mut self, found: &mut Found) -> Result<TagLists, Error> {
        let mut lists = std::mem::take(&mut found.tags);
        let missing: Vec<String> = found.charts.iter().filter(|c| !lists.contains_key(*c)).cloned().collect();
        let total = missing.len();
        let client = self.client;
        let answers = futures::stream::iter(missing).map(|chart| async move {
            let answer = match client.below(&chart) {
                Ok(one) => one.tags().await,
                Err(error) => Err(error),
            };
            (chart, answer)
        });
        let mut answers = answers.buffer_unordered(self.options.concurrency.max(1));
        let (mut complete, mut failed, mut first) = (true, 0, None);
        while let Ok(next) = tokio::time::timeout_at(self.deadline, answers.next()).await {
            let Some((chart, answer)) = next else {
                return match first {
                    Some(error) if failed == total && lists.is_empty() => Err(error),
                    _ => Ok(TagLists { lists, complete }),
                };
            };
            match answer {
                Ok(list) => {
                    complete &= !list.truncated;
                    lists.insert(chart, list);
                }
                Err(error) if error.is_not_found() => {
                    lists.insert(chart, TagList::default());
                }
                Err(error) if error.kind() == Kind::RateLimited => return Err(error),
                Err(error) => {
                    complete = false;
                    failed += 1;
                    self.note(&format!("{chart}: {error}"));
                    first = first.or(Some(error));
                }
            }
        }
        self.note(&format!("not all tag lists could be read within {} s", self.options.timeout.as_secs()));
        Ok(TagLists { lists, complete: false })
    }

    /// Drops records of tags that are gone and lists the tags to read.
    fn plan(
        &mut self,
        state: &mut State,
        lists: BTreeMap<String, TagList>,
        complete: &mut bool,
    ) -> Vec<Work> {
        let mut work = Vec::new();
        for (chart, list) in lists {
            let mut versions: Vec<(Version, String)> =
                list.tags.into_iter().filter_map(|tag| Some((version::from_tag(&tag)?, tag))).collect();
            versions.sort_by(|a, b| b.cmp(a));
            if list.truncated {
                *complete = false;
                self.note(&format!("{chart}: the registry has more tags than were read"));
            }
            let known = state.charts.entry(chart.clone()).or_default();
            if !list.truncated {
                known.retain(|tag, _| versions.iter().any(|(_, t)| t == tag));
            }
            for (rank, (version, tag)) in versions.into_iter().enumerate() {
                let read = match known.get(&tag) {
                    None => false,
                    Some(Record::Missing { again }) => *again == 0 && !self.options.recheck,
                    // An index has no digest to compare, so that a recheck reads it.
                    Some(Record::Other { manifest: None }) => !self.options.recheck,
                    Some(_) => true,
                };
                if !read {
                    work.push(Work { chart: chart.clone(), tag, version, rank });
                }
            }
        }
        work.sort_by(|a, b| (a.rank, &a.chart).cmp(&(b.rank, &b.chart)));
        work
    }

    /// Asks where known tags point to now; those that moved are put at the front of `work`.
    async fn recheck(&mut self, state: &mut State, work: &mut Vec<Work>) -> Vec<MovedTag> {
        let known: Vec<(String, String, Digest)> = state
            .charts
            .iter()
            .flat_map(|(chart, tags)| tags.iter().map(move |(tag, record)| (chart, tag, record)))
            .filter_map(|(chart, tag, record)| Some((chart.clone(), tag.clone(), record.manifest()?.clone())))
            .collect();
        let client = self.client;
        let answers = futures::stream::iter(known).map(|(chart, tag, from)| async move {
            let to = client.below(&chart).ok()?.resolve(&tag).await.ok()?.digest;
            (to != from).then_some(MovedTag { chart, tag, from, to })
        });
        let mut answers = answers.buffer_unordered(self.options.concurrency.max(1));
        let mut moved = Vec::new();
        while let Ok(Some(answer)) = tokio::time::timeout_at(self.deadline, answers.next()).await {
            moved.extend(answer);
        }
        drop(answers);
        for tag in &moved {
            if let (Some(known), Some(version)) =
                (state.charts.get_mut(&tag.chart), version::from_tag(&tag.tag))
            {
                known.remove(&tag.tag);
                work.insert(0, Work { chart: tag.chart.clone(), tag: tag.tag.clone(), version, rank: 0 });
            }
        }
        moved
    }

    /// Reads what `work` lists, within the limits; returns whether all of it was read.
    async fn read(&mut self, state: &mut State, work: Vec<Work>) -> Result<bool, Error> {
        let total = work.len();
        let (client, reads) = (self.client, &self.reads);
        let answers = futures::stream::iter(work).map(|work| async move {
            let within =
                reads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
            if !within {
                return None;
            }
            let record = read_tag(client, &work).await;
            Some((work, record))
        });
        let mut answers = answers.buffer_unordered(self.options.concurrency.max(1));
        let (mut done, mut missing, mut notes, mut first) = (0, 0, Vec::new(), None);
        while let Ok(Some(answer)) = tokio::time::timeout_at(self.deadline, answers.next()).await {
            match answer {
                None => {}
                Some((work, Ok(record))) => {
                    done += 1;
                    let known = state.charts.entry(work.chart).or_default();
                    let record = match (record, known.get(&work.tag)) {
                        (Record::Missing { .. }, Some(Record::Missing { again })) => {
                            Record::Missing { again: again.saturating_sub(1) }
                        }
                        // What was a chart and cannot be found now is asked for again like a new one.
                        (record, _) => record,
                    };
                    missing += usize::from(matches!(record, Record::Missing { again: 1.. }));
                    known.insert(work.tag, record);
                }
                Some((work, Err(error))) => {
                    let stop = error.kind() == Kind::RateLimited;
                    notes.push(format!("{}:{}: {error}", work.chart, work.tag));
                    first = first.or(Some(error));
                    if stop {
                        break;
                    }
                }
            }
        }
        drop(answers);
        if let Some(error) = first
            && done == 0
            && state.charts.values().all(BTreeMap::is_empty)
        {
            return Err(error);
        }
        for note in notes {
            self.note(&note);
        }
        if done < total {
            self.note(&format!("{} of {total} new tags are still to be read", total - done));
        }
        if missing > 0 {
            self.note(&format!(
                "{missing} listed tags have no manifest in the registry (yet); the next syncs ask again"
            ));
        }
        Ok(done == total && missing == 0)
    }

    fn note(&mut self, note: &str) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(envelope::clip(note));
        }
    }
}

impl Record {
    fn manifest(&self) -> Option<&Digest> {
        match self {
            Self::Chart(version) => version.manifest_digest.as_ref(),
            Self::Other { manifest } => manifest.as_ref(),
            Self::Missing { .. } => None,
        }
    }
}

async fn read_tag(client: &OciClient, work: &Work) -> Result<Record, Error> {
    let client = client.below(&work.chart)?;
    let (digest, manifest) = match client.manifest(&work.tag).await {
        Ok(found) => found,
        // An image index: not a chart.
        Err(Error::NotAChart { .. }) => return Ok(Record::Other { manifest: None }),
        Err(error) if error.is_not_found() => return Ok(Record::Missing { again: MISSING_AGAIN }),
        Err(error) => return Err(error),
    };
    if !manifest.is_chart() {
        return Ok(Record::Other { manifest: Some(digest) });
    }
    let config = client.config(&manifest).await?;
    let Ok(Value::Object(metadata)) = serde_json::from_slice(&config) else {
        return Ok(Record::Other { manifest: Some(digest) });
    };
    Ok(Record::Chart(Box::new(describe(&client, work, digest, &manifest, &metadata))))
}

/// A version as its tag, manifest and config describe it. The tag decides the version: it is what can be pulled.
fn describe(
    client: &OciClient,
    work: &Work,
    digest: Digest,
    manifest: &Manifest,
    metadata: &serde_json::Map<String, Value>,
) -> ChartVersion {
    let mut version = index_entry::metadata(metadata);
    if version.name.is_empty() {
        client.url().last_segment().clone_into(&mut version.name);
    }
    version.version = work.version.to_string();
    version.digest = manifest.chart_layer().map(|layer| layer.digest.hex().to_owned()).unwrap_or_default();
    version.created = manifest.annotations.get(CREATED).map(|c| envelope::clip(c)).unwrap_or_default();
    version.urls = vec![format!("{}:{}", client.url(), work.tag)];
    version.manifest_digest = Some(digest);
    version
}
