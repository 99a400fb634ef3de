//! One host's gate: how many requests run at once, and when to wait because the host said so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// A registry's own account of how much may still be asked (`ratelimit-*` headers).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Requests allowed in a window.
    pub limit: Option<u64>,
    /// Requests left.
    pub remaining: Option<u64>,
    /// Length of the window in seconds.
    #[serde(rename = "windowSeconds")]
    pub window_seconds: Option<u64>,
}

impl RateLimit {
    /// Reads `ratelimit-limit: 100;w=21600` and `ratelimit-remaining`, with or without `x-`.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let get = |name: &str| {
            let value = headers.get(name).or_else(|| headers.get(format!("x-{name}")))?.to_str().ok()?;
            let (number, rest) = value.split_once(';').unwrap_or((value, ""));
            let window = rest.split(';').find_map(|p| p.trim().strip_prefix("w=")?.parse().ok());
            Some((number.trim().parse::<u64>().ok()?, window))
        };
        let (limit, remaining) = (get("ratelimit-limit"), get("ratelimit-remaining"));
        if limit.is_none() && remaining.is_none() {
            return None;
        }
        let window_seconds = limit.and_then(|l| l.1).or(remaining.and_then(|r| r.1));
        Some(Self { limit: limit.map(|l| l.0), remaining: remaining.map(|r| r.0), window_seconds })
    }
}

#[derive(Debug)]
pub(crate) struct Gate {
    permits: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    paused_until: Option<Instant>,
    rate: Option<RateLimit>,
}

impl Gate {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(concurrency.max(1))), state: Mutex::default() }
    }

    /// Waits for a place, and for the end of a pause if it comes before `deadline`.
    pub(crate) async fn enter(&self, deadline: Instant) -> Option<OwnedSemaphorePermit> {
        let permit =
            tokio::time::timeout_at(deadline, self.permits.clone().acquire_owned()).await.ok()?.ok()?;
        let paused = self.lock().paused_until;
        if let Some(until) = paused.filter(|until| *until > Instant::now()) {
            if until > deadline {
                return None;
            }
            tokio::time::sleep_until(until).await;
        }
        Some(permit)
    }

    /// How long the host asked everyone to wait, from now.
    pub(crate) fn paused_for(&self) -> Option<Duration> {
        self.lock().paused_until.and_then(|until| until.checked_duration_since(Instant::now()))
    }

    pub(crate) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait.min(Duration::from_secs(24 * 3600));
        let mut state = self.lock();
        state.paused_until = state.paused_until.max(Some(until));
    }

    pub(crate) fn note(&self, headers: &HeaderMap) {
        if let Some(rate) = RateLimit::from_headers(headers) {
            self.lock().rate = Some(rate);
        }
    }

    pub(crate) fn rate(&self) -> Option<RateLimit> {
        self.lock().rate.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_hubs_headers_are_read() {
        let mut headers = HeaderMap::new();
        headers.insert("ratelimit-limit", "100;w=21600".parse().unwrap());
        headers.insert("ratelimit-remaining", "20;w=21600".parse().unwrap());
        let rate = RateLimit::from_headers(&headers).unwrap();
        assert_eq!((rate.limit, rate.remaining, rate.window_seconds), (Some(100), Some(20), Some(21600)));
        assert!(RateLimit::from_headers(&HeaderMap::new()).is_none());
    }
}
