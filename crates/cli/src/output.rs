//! What a person or a program reads: tables, JSON, YAML and errors.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the module that prints")]

use std::io::{self, IsTerminal, Write};

use pilothouse_chart::RenderError;
use serde::Serialize;

use crate::charts::remote;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// JSON for programs.
    Json,
    /// YAML for programs.
    Yaml,
}

/// Prints a line to standard output; a closed pipe ends the output quietly.
pub(crate) fn line(text: impl AsRef<str>) {
    let _ = writeln!(io::stdout(), "{}", text.as_ref());
}

/// Prints text as it is to standard output.
pub(crate) fn raw(text: &[u8]) {
    let _ = io::stdout().write_all(text);
}

/// Prints a remark on work that goes on to standard error, where a person is watching.
pub(crate) fn progress(text: impl AsRef<str>) {
    if io::stderr().is_terminal() {
        eprintln!("{}", text.as_ref());
    }
}

/// Prints a remark to standard error.
pub(crate) fn note(text: impl AsRef<str>) {
    eprintln!("{}", text.as_ref());
}

/// Prints an answer for programs.
///
/// # Errors
/// Where it cannot be serialised.
pub(crate) fn data(format: Format, answer: &impl Serialize) -> anyhow::Result<()> {
    match format {
        Format::Yaml => raw(yaml(answer)?.as_bytes()),
        Format::Json | Format::Table => line(serde_json::to_string_pretty(answer)?),
    }
    Ok(())
}

/// Writes an answer as YAML, in the form Helm and kubectl write it.
///
/// # Errors
/// Where it cannot be serialised.
pub(crate) fn yaml(answer: &impl Serialize) -> anyhow::Result<String> {
    Ok(pilothouse_goyaml::json_to_yaml(&serde_json::to_value(answer)?)?)
}

/// Prints rows under upper-case headings, columns as wide as their widest cell.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .chain([headings[column].len()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<_> = (0..headings.len()).map(width).collect();
    let print = |cells: &mut dyn Iterator<Item = &str>| {
        let text: String = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}   ")).collect();
        line(text.trim_end());
    };
    print(&mut headings.iter().copied());
    for row in rows {
        print(&mut row.iter().map(String::as_str));
    }
}

/// Prints an error with its causes, each once.
pub(crate) fn error(error: &anyhow::Error) {
    eprintln!("error: {error}");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        if !said.contains(&text) {
            eprintln!("  caused by: {text}");
            said.push_str(&text);
        }
    }
    if let Some(RenderError::Template { excerpt: Some(excerpt), .. }) = error.downcast_ref() {
        eprintln!();
        for line in excerpt.lines() {
            eprintln!("  {line}");
        }
    }
    let hint = error.chain().find_map(|cause| remote::hint(cause.downcast_ref()?));
    if let Some(hint) = hint {
        eprintln!("  hint: {hint}");
    }
}
