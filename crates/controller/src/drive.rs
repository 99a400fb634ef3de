//! Runs one kind's reconciler: a queue that holds each object once, bounded concurrency, intervals with jitter,
//! growing waits after failures, one log line and one measurement a pass.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use kube::ResourceExt as _;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::{ObjectRef, Store};
use rand::Rng as _;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::feed::{Wakes, Watched};

/// What a pass ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well: again after this interval, give or take the jitter.
    After(Duration),
    /// Again after exactly this time (a deadline, or a wait the other side asked for).
    At(Duration),
    /// Nothing to do until something changes.
    UntilChanged,
    /// It failed, for the reason given: again after a wait that grows with each failure in a row.
    Retry(String),
}

/// A reconciler of one kind.
pub(crate) trait Reconcile: Send + Sync + 'static {
    /// The kind.
    type Object: Watched;

    /// Its name, in logs and metrics.
    const KIND: &'static str;

    /// One pass over one object. Never runs twice at once for the same object.
    fn reconcile(&self, object: Arc<Self::Object>) -> impl Future<Output = Outcome> + Send;
}

struct Driver<R: Reconcile> {
    reconciler: R,
    context: Arc<Context>,
    store: Store<R::Object>,
    failures: Mutex<HashMap<String, u32>>,
}

/// Reconciles what `wakes` names, until `shutdown`; passes that run then are finished.
pub(crate) async fn drive<R: Reconcile>(
    reconciler: R,
    context: Arc<Context>,
    store: Store<R::Object>,
    wakes: Wakes<R::Object>,
    concurrency: u16,
    shutdown: CancellationToken,
) {
    let wakes = futures::stream::unfold(wakes, |mut wakes| async move {
        let woken = wakes.recv().await?;
        Some((woken, wakes))
    });
    let driver = Arc::new(Driver { reconciler, context, store: store.clone(), failures: Mutex::default() });
    let controller = Controller::for_stream(futures::stream::pending(), store)
        .with_config(Config::default().concurrency(concurrency))
        .reconcile_on(wakes)
        .graceful_shutdown_on(async move { shutdown.cancelled().await });
    controller
        .run(
            |object, driver: Arc<Driver<R>>| async move { Ok::<_, Infallible>(driver.pass(object).await) },
            |_, never, _| match *never {},
            driver,
        )
        .for_each(|result| async {
            // The only errors left are wakes for objects that are gone.
            if let Err(error) = result {
                tracing::trace!(kind = R::KIND, %error, "woken for nothing");
            }
        })
        .await;
}

impl<R: Reconcile> Driver<R> {
    async fn pass(&self, object: Arc<R::Object>) -> Action {
        let (name, namespace) = (object.name_any(), object.namespace().unwrap_or_default());
        let reference = ObjectRef::from_obj(&*object);
        let started = std::time::Instant::now();
        let outcome = self.reconciler.reconcile(object).await;
        let took = started.elapsed();
        let key = format!("{namespace}/{name}");
        let (action, result, wait) = match &outcome {
            Outcome::After(interval) => {
                self.forget_failures(&key);
                let wait = jittered(*interval, self.context.options.interval_jitter_percent);
                (Action::requeue(wait), "success", Some(wait))
            }
            Outcome::At(wait) => {
                self.forget_failures(&key);
                (Action::requeue(*wait), "requeue_after", Some(*wait))
            }
            Outcome::UntilChanged => {
                self.forget_failures(&key);
                (Action::await_change(), "success", None)
            }
            Outcome::Retry(_) => {
                let wait = self.next_retry(key.clone());
                (Action::requeue(wait), "error", Some(wait))
            }
        };
        let metrics = &self.context.options.metrics;
        metrics.reconciled(R::KIND, &namespace, &name, took, result);
        if self.store.get(&reference).is_none() {
            // The watch told of the deletion while this pass, mostly the one that allowed it, still ran.
            metrics.forget(R::KIND, &namespace, &name);
            self.forget_failures(&key);
        }
        let again = wait.map(|w| format!("{:.3}s", w.as_secs_f64())).unwrap_or_default();
        if let Outcome::Retry(error) = outcome {
            tracing::warn!(kind = R::KIND, namespace, name, ?took, again, error, "reconcile failed");
        } else {
            tracing::debug!(kind = R::KIND, namespace, name, ?took, again, "reconciled");
        }
        action
    }

    fn forget_failures(&self, key: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn next_retry(&self, key: String) -> Duration {
        let options = &self.context.options;
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(key).or_default();
        let wait = backoff(options.min_retry_delay, options.max_retry_delay, *count);
        *count = count.saturating_add(1);
        wait
    }
}

/// The wait after `failures` earlier failures in a row: doubled each time, as client-go's rate limiter.
pub(crate) fn backoff(min: Duration, max: Duration, failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures.min(31)).unwrap_or(u32::MAX);
    min.saturating_mul(factor).min(max)
}

/// `interval` give or take up to `percent` of it, at least one second.
pub(crate) fn jittered(interval: Duration, percent: u8) -> Duration {
    let spread = f64::from(percent.min(100)) / 100.0;
    let factor = if spread > 0.0 { rand::rng().random_range(1.0 - spread..=1.0 + spread) } else { 1.0 };
    interval.mul_f64(factor).max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_wait_from_750_ms_to_15_minutes() {
        let wait = |n| backoff(Duration::from_millis(750), Duration::from_secs(900), n);
        assert_eq!(wait(0), Duration::from_millis(750));
        assert_eq!(wait(1), Duration::from_millis(1500));
        assert_eq!(wait(10), Duration::from_secs(768));
        assert_eq!(wait(11), Duration::from_secs(900));
        assert_eq!(wait(4_000_000_000), Duration::from_secs(900));
    }

    #[test]
    fn jitter_stays_within_its_percentage() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_secs(100), 5).as_secs_f64();
            assert!((95.0..=105.0).contains(&wait));
        }
        assert_eq!(jittered(Duration::from_secs(100), 0), Duration::from_secs(100));
        assert_eq!(jittered(Duration::ZERO, 5), Duration::from_secs(1));
    }
}
