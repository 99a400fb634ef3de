//! The one binary, `pilothouse`: parses arguments, prints results, starts the parts above.
//!
//! `up` starts everything in this process. `repo`, `chart` and `release` are clients of the HTTP API that `up` serves;
//! `template`, `lint`, `show`, `pull`, `push`, `package` and `dependency` work on charts without it. Start at [`commands::Cli`].

#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "doc comments of arguments are what --help prints"
)]

mod api;
mod charts;
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
