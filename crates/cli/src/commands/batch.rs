//! `pilothouse template --batch`: renders for other programs, one JSON line a request and an answer.

use std::{
    io::{BufRead, Read, Write, stdin, stdout},
    path::Path,
    process::ExitCode,
    time::SystemTime,
};

use anyhow::{Context, bail};
use pilothouse_chart::{
    Limits,
    batch::{Batch, Found},
};

use super::template::SystemRandom;
use crate::charts::files;

/// Longest request, in bytes: an inline chart with its values.
const MAX_LINE: u64 = 256 << 20;

/// Answers every line of standard input.
///
/// # Errors
/// Where a line is too long or not UTF-8, or standard output is closed.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let find = |path: &str| found(Path::new(path)).map_err(|error| format!("{error:#}"));
    let mut batch = Batch::new(find, &SystemRandom, SystemTime::now, Limits::default());
    let mut input = stdin().lock();
    let mut output = stdout().lock();
    let mut line = String::new();
    loop {
        line.clear();
        let length = input.by_ref().take(MAX_LINE).read_line(&mut line).context("cannot read a request")?;
        if length == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        if length as u64 == MAX_LINE {
            bail!("a request is longer than {} MiB", MAX_LINE >> 20);
        }
        writeln!(output, "{}", batch.answer(&line)).and_then(|()| output.flush()).context("cannot answer")?;
    }
}

fn found(path: &Path) -> anyhow::Result<Found> {
    if path.is_dir() {
        return files::directory(path, &Limits::default()).map(Found::Files);
    }
    files::read(path, Limits::default().archive_bytes as u64).map(Found::Archive)
}
