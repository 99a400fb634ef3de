//! Counters with Flux's names.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram};
use prometheus_client::registry::Registry;

/// Which object a figure is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ObjectLabels {
    kind: &'static str,
    name: String,
    namespace: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConditionLabels {
    kind: &'static str,
    name: String,
    namespace: String,
    r#type: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ControllerLabels {
    controller: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

type Durations = Family<ObjectLabels, Histogram, fn() -> Histogram>;

/// The controllers' figures. Clones share them; [`Metrics::encode`] writes them for Prometheus.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Figures>);

#[derive(Debug)]
struct Figures {
    registry: Registry,
    durations: Durations,
    ready: Family<ConditionLabels, Gauge>,
    suspended: Family<ObjectLabels, Gauge>,
    reconciles: Family<ControllerLabels, Counter>,
    registry_requests: Family<KindLabels, Counter>,
    dropped_events: Counter<u64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let durations: Durations = Family::new_with_constructor(|| {
            Histogram::new([0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0])
        });
        let ready = Family::default();
        let suspended = Family::default();
        let reconciles = Family::default();
        let registry_requests = Family::default();
        let dropped_events = Counter::default();
        registry.register(
            "gotk_reconcile_duration_seconds",
            "The duration in seconds of a reconcile of an object",
            durations.clone(),
        );
        registry.register(
            "gotk_reconcile_condition",
            "The current condition status of an object",
            ready.clone(),
        );
        registry.register("gotk_suspend_status", "1 where an object is suspended", suspended.clone());
        registry.register(
            "controller_runtime_reconcile",
            "Reconciles by controller and result",
            reconciles.clone(),
        );
        registry.register(
            "pilothouse_registry_requests",
            "Requests sent to registries and chart repositories, by the kind they were for",
            registry_requests.clone(),
        );
        registry.register(
            "pilothouse_dropped_events",
            "Events that were not recorded, because there were too many",
            dropped_events.clone(),
        );
        Self(Arc::new(Figures {
            registry,
            durations,
            ready,
            suspended,
            reconciles,
            registry_requests,
            dropped_events,
        }))
    }
}

impl Metrics {
    /// All figures in Prometheus' text format (`OpenMetrics`).
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }

    /// One pass over an object.
    pub(crate) fn reconciled(
        &self,
        kind: &'static str,
        namespace: &str,
        name: &str,
        took: Duration,
        result: &'static str,
    ) {
        let labels = ObjectLabels { kind, name: name.to_owned(), namespace: namespace.to_owned() };
        self.0.durations.get_or_create(&labels).observe(took.as_secs_f64());
        self.0.reconciles.get_or_create(&ControllerLabels { controller: kind, result }).inc();
    }

    /// An object's Ready condition and whether it is suspended.
    pub(crate) fn state(
        &self,
        kind: &'static str,
        namespace: &str,
        name: &str,
        ready: &str,
        suspended: bool,
    ) {
        for status in ["True", "False", "Unknown"] {
            let labels = ConditionLabels {
                kind,
                name: name.to_owned(),
                namespace: namespace.to_owned(),
                r#type: "Ready",
                status,
            };
            self.0.ready.get_or_create(&labels).set(i64::from(ready == status));
        }
        let labels = ObjectLabels { kind, name: name.to_owned(), namespace: namespace.to_owned() };
        self.0.suspended.get_or_create(&labels).set(i64::from(suspended));
    }

    /// Forgets an object that is gone.
    pub(crate) fn forget(&self, kind: &'static str, namespace: &str, name: &str) {
        let labels = ObjectLabels { kind, name: name.to_owned(), namespace: namespace.to_owned() };
        self.0.durations.remove(&labels);
        self.0.suspended.remove(&labels);
        for status in ["True", "False", "Unknown"] {
            self.0.ready.remove(&ConditionLabels {
                kind,
                name: name.to_owned(),
                namespace: namespace.to_owned(),
                r#type: "Ready",
                status,
            });
        }
    }

    /// Requests sent to a registry.
    pub(crate) fn registry_requests(&self, kind: &'static str, requests: u64) {
        self.0.registry_requests.get_or_create(&KindLabels { kind }).inc_by(requests);
    }

    /// An event that was not recorded.
    pub(crate) fn event_dropped(&self) {
        self.0.dropped_events.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_fluxs_names_and_are_forgotten_with_the_object() {
        let metrics = Metrics::default();
        metrics.reconciled("HelmChart", "ns", "app", Duration::from_millis(20), "success");
        metrics.state("HelmChart", "ns", "app", "True", false);
        let text = metrics.encode();
        for line in [
            r#"gotk_reconcile_duration_seconds_count{kind="HelmChart",name="app",namespace="ns"} 1"#,
            r#"gotk_reconcile_condition{kind="HelmChart",name="app",namespace="ns",type="Ready",status="True"} 1"#,
            r#"controller_runtime_reconcile_total{controller="HelmChart",result="success"} 1"#,
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        metrics.forget("HelmChart", "ns", "app");
        assert!(!metrics.encode().contains(r#"name="app""#));
    }
}
