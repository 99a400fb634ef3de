//! The one binary, `pilothouse`: parses arguments, prints results, starts the parts above.
//!
//! `up` starts everything in this process; every other command is a client of the HTTP API that `up` serves, but for
//! `template`, `crds` and `completion`, which need nothing. Start at [`commands::Cli`].

mod api;
mod commands;
mod connection;
mod output;
mod up;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = commands::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
