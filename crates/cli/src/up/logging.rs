//! Structured logs on standard error.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt};

/// Flags of the log.
#[derive(Debug, clap::Args)]
pub(crate) struct LogArgs {
    /// Least level that is logged, or a filter such as `info,pilothouse_controller=debug`.
    #[arg(long, default_value = "info", env = "PILOTHOUSE_LOG", value_name = "LEVEL")]
    log_level: String,
    /// How a line is written [default: text on a terminal, json elsewhere].
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

impl LogArgs {
    /// Starts logging; a filter that cannot be read counts as `info`.
    pub(crate) fn install(&self) {
        // Libraries say at info what a person can do nothing about.
        let filter = EnvFilter::try_new(format!("warn,{}", scoped(&self.log_level)))
            .unwrap_or_else(|_| EnvFilter::new("warn,pilothouse=info"));
        let terminal = std::io::stderr().is_terminal();
        let format = self.log_format.unwrap_or(if terminal { Format::Text } else { Format::Json });
        let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
        match format {
            Format::Text => lines.with_target(false).with_ansi(terminal).init(),
            Format::Json => {
                lines.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
            }
        }
    }
}

/// A bare level is meant for this project's own crates.
fn scoped(level: &str) -> String {
    const CRATES: [&str; 7] = [
        "pilothouse",
        "pilothouse_chart",
        "pilothouse_controller",
        "pilothouse_devcluster",
        "pilothouse_registry",
        "pilothouse_release",
        "pilothouse_server",
    ];
    if level.contains(['=', ',']) {
        return level.to_owned();
    }
    CRATES.map(|name| format!("{name}={level}")).join(",")
}
