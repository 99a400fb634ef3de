//! What every command that asks a server shares: its flags, the client, waiting.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::bail;
use jiff::SignedDuration;
use serde_json::Value;

use crate::{
    api::{Api, escape},
    connection::ConnectionArgs,
    output::{self, Format},
};

/// How often a wait asks.
const POLL: Duration = Duration::from_millis(400);

/// Flags of every command that asks a server.
#[derive(Debug, clap::Args)]
pub(crate) struct ClientArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Namespace.
    #[arg(
        long,
        short,
        global = true,
        default_value = "default",
        env = "PILOTHOUSE_NAMESPACE",
        value_name = "NAME"
    )]
    pub(crate) namespace: String,
    /// How the answer is printed.
    #[arg(long, short, global = true, default_value = "table", value_name = "FORMAT")]
    pub(crate) output: Format,
}

/// Flags of commands that start long work.
#[derive(Debug, clap::Args)]
pub(crate) struct WaitArgs {
    /// Wait until the work is done; exit status 1 if it fails.
    #[arg(long)]
    pub(crate) wait: bool,
    /// Longest wait, for example `90s` or `5m` (a bare number is seconds).
    #[arg(long, default_value = "5m", value_parser = duration, value_name = "DURATION")]
    pub(crate) timeout: Duration,
}

/// Reads a duration as `helm` writes it, or a number of seconds.
fn duration(written: &str) -> Result<Duration, String> {
    if let Ok(seconds) = written.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let read: Option<SignedDuration> = written.parse().ok();
    read.and_then(|duration| duration.try_into().ok())
        .ok_or_else(|| "write it like `90s`, `5m` or `1h30m`".to_owned())
}

impl ClientArgs {
    /// The client.
    ///
    /// # Errors
    /// Where no server is known.
    pub(crate) fn api(&self) -> anyhow::Result<Api> {
        Api::new(self.connection.connection()?)
    }

    /// Path of the namespace's objects of a kind, and of one of them.
    pub(crate) fn path(&self, kind: &str, name: Option<&str>) -> String {
        let collection = format!("/namespaces/{}/{kind}", escape(&self.namespace));
        name.map_or_else(|| collection.clone(), |name| format!("{collection}/{}", escape(name)))
    }

    /// Path of the list of a kind: of the namespace, or of all.
    pub(crate) fn list_path(&self, kind: &str, all_namespaces: bool) -> String {
        if all_namespaces {
            format!("/{kind}")
        } else {
            format!("/{kind}?namespace={}", escape(&self.namespace))
        }
    }

    /// Prints the answer as data where the person asked for that, else by `people`.
    pub(crate) fn print(&self, answer: &Value, people: impl FnOnce(&Value)) -> anyhow::Result<()> {
        match self.output {
            Format::Table => people(answer),
            format => output::data(format, answer)?,
        }
        Ok(())
    }
}

/// Runs a command's future on a small runtime.
///
/// # Errors
/// What the future gives.
pub(crate) fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Every item of a list that is served in pages.
///
/// # Errors
/// As [`Api::get`].
pub(crate) async fn all_pages(api: &Api, path: &str) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    for page in 1.. {
        let separator = if path.contains('?') { '&' } else { '?' };
        let answer = api.get(&format!("{path}{separator}page={page}&pageSize=500")).await?;
        let found = answer["items"].as_array().cloned().unwrap_or_default();
        let total = answer["total"].as_u64().unwrap_or_default();
        let end = found.is_empty();
        items.extend(found);
        if end || items.len() as u64 >= total {
            break;
        }
    }
    Ok(items)
}

/// What a wait sees of an object.
pub(crate) enum Seen {
    /// The work is done.
    Done,
    /// It goes on; the text says how.
    Going(String),
    /// It failed for good.
    Failed(String),
}

/// Asks for an object until the work on it is done; says on standard error what goes on.
///
/// # Errors
/// Where it failed, or the time is over.
pub(crate) async fn wait_for(
    api: &Api,
    path: &str,
    wait: &WaitArgs,
    judge: impl Fn(&Value) -> Seen,
) -> anyhow::Result<Value> {
    let begin = Instant::now();
    let mut said = String::new();
    loop {
        let object = api.get(path).await?;
        match judge(&object) {
            Seen::Done => return Ok(object),
            Seen::Failed(why) => bail!("{why}"),
            Seen::Going(state) => {
                if state != said {
                    output::progress(&state);
                    said = state;
                }
            }
        }
        if begin.elapsed() >= wait.timeout {
            bail!("not done after {} s: {said}", wait.timeout.as_secs());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Judges an object by its status: the current generation is ready, or stalled, or still worked on.
///
/// A failure that will be retried counts as failed when it is about the object's current state and not the
/// progress of the work.
pub(crate) fn ready(object: &Value) -> Seen {
    let status = &object["status"];
    let message = text(status, "message");
    let reason = text(status, "reason");
    let state = if message.is_empty() { text(status, "state") } else { message };
    let observed = status["observed"].as_bool().unwrap_or_default();
    let reconciling = status["reconciling"].as_bool().unwrap_or_default();
    let stalled = condition(status, "Stalled").is_some_and(|condition| condition["status"] == "True");
    match status["ready"].as_str() {
        Some("True") if observed && !reconciling => Seen::Done,
        Some("False") if stalled => Seen::Failed(format!("{reason}: {state}")),
        _ => Seen::Going(state),
    }
}

/// A condition of a status.
pub(crate) fn condition<'a>(status: &'a Value, type_: &str) -> Option<&'a Value> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == type_)
}

/// A field as text; empty where it is absent.
pub(crate) fn text(value: &Value, field: &str) -> String {
    match &value[field] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The first line of a text, cut to a table's width.
pub(crate) fn brief(text: &str) -> String {
    const WIDTH: usize = 80;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

/// How long ago a time was, as kubectl writes it.
pub(crate) fn ago(time: &Value) -> String {
    let Some(time) = time.as_str().and_then(|time| time.parse::<jiff::Timestamp>().ok()) else {
        return "-".to_owned();
    };
    let seconds = jiff::Timestamp::now().as_second().saturating_sub(time.as_second()).max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_ready_only_once_its_generation_was_seen() {
        let status = |ready: &str, observed: bool, stalled: &str| {
            json!({"status": {"ready": ready, "observed": observed, "reconciling": false, "reason": "R",
                "message": "m", "conditions": [{"type": "Stalled", "status": stalled}]}})
        };
        assert!(matches!(ready(&status("True", true, "False")), Seen::Done));
        assert!(matches!(ready(&status("True", false, "False")), Seen::Going(_)));
        assert!(matches!(ready(&status("False", true, "False")), Seen::Going(_)));
        assert!(matches!(ready(&status("False", true, "True")), Seen::Failed(why) if why == "R: m"));
    }

    #[test]
    fn long_texts_are_cut_for_tables() {
        assert_eq!(brief("one\ntwo"), "one");
        assert_eq!(brief(&"ä".repeat(100)).chars().count(), 80);
    }

    #[test]
    fn a_wait_is_written_as_helm_does_or_in_seconds() {
        for (written, seconds) in [("300", 300), ("90s", 90), ("5m0s", 300), ("1h30m", 5400)] {
            assert_eq!(duration(written), Ok(Duration::from_secs(seconds)), "{written}");
        }
        for wrong in ["", "-5s", "soon", "5 lightyears"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
