//! The server's own metrics, in Prometheus' text format.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};

#[derive(Clone, Copy, Default)]
struct Series {
    count: u64,
    seconds: f64,
}

/// Requests by method, route and status. Routes are the patterns of the router, so the number of series is bounded.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, String, u16), Series>>,
}

impl Metrics {
    pub(crate) fn record(&self, method: &str, route: &str, status: u16, took: Duration) {
        let method = match method {
            "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" => method,
            _ => "other",
        };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let series = requests.entry((method.to_owned(), route.to_owned(), status)).or_default();
        series.count += 1;
        series.seconds += took.as_secs_f64();
    }

    pub(crate) fn text(&self) -> String {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from(
            "# HELP pilothouse_http_request_duration_seconds Time until answers of the HTTP API began.\n\
             # TYPE pilothouse_http_request_duration_seconds summary\n",
        );
        for ((method, route, code), series) in requests.iter() {
            let labels = format!("{{method=\"{method}\",route=\"{route}\",code=\"{code}\"}}");
            let name = "pilothouse_http_request_duration_seconds";
            let _ = writeln!(text, "{name}_sum{labels} {}", series.seconds);
            let _ = writeln!(text, "{name}_count{labels} {}", series.count);
        }
        text
    }
}
