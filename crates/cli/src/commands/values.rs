//! Values from files and `--set` flags, merged as Helm merges them.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use pilothouse_chart::values::{self, SetKind, Values};
use serde_json::Value;

/// Largest values file, in bytes.
const MAX_FILE: u64 = 8 << 20;

/// Flags with values, in Helm's names; each kind wins over those above it.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ValuesArgs {
    /// File with values; `-` is standard input. Later files win.
    #[arg(long = "values", short = 'f', value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// A value as JSON: `path=JSON`, or one JSON object.
    #[arg(long, value_name = "PATH=JSON")]
    pub(crate) set_json: Vec<String>,
    /// A value as `path=value`; numbers, true, false and null are typed.
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
    /// A value that stays a text.
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set_string: Vec<String>,
    /// A value that is the content of a file.
    #[arg(long, value_name = "PATH=FILE")]
    pub(crate) set_file: Vec<String>,
    /// A value that is the rest of the argument as it is.
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set_literal: Vec<String>,
}

impl ValuesArgs {
    /// Whether no flag was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
            && [&self.set_json, &self.set, &self.set_string, &self.set_file, &self.set_literal]
                .iter()
                .all(|flags| flags.is_empty())
    }

    /// The values, merged in Helm's order (`pkg/cli/values/options.go` of 4.2.3).
    ///
    /// # Errors
    /// Where a file cannot be read or is not YAML, or a flag cannot be parsed.
    pub(crate) fn read(&self) -> anyhow::Result<Values> {
        let mut merged = Values::default();
        for file in &self.files {
            let text = read_file(file)?;
            let values = Values::from_yaml(&text)
                .map_err(|error| anyhow!("failed to parse {}: {error}", file.display()))?;
            merged = values::merge(merged, values);
        }
        let flags = [
            (&self.set_json, SetKind::Json),
            (&self.set, SetKind::Typed),
            (&self.set_string, SetKind::String),
        ];
        for (arguments, kind) in flags {
            set_all(&mut merged, arguments, kind)?;
        }
        for argument in &self.set_file {
            let mut read = |path: &str| {
                let text = read_file(Path::new(path)).map_err(|error| format!("{error:#}"))?;
                String::from_utf8(text).map_err(|_| format!("{path} is not UTF-8"))
            };
            values::set_file(&mut merged, argument, &mut read).map_err(|error| anyhow!(error))?;
        }
        set_all(&mut merged, &self.set_literal, SetKind::Literal)?;
        Ok(merged)
    }

    /// The same as JSON, for the API; nothing where no flag was given.
    ///
    /// # Errors
    /// As [`ValuesArgs::read`].
    pub(crate) fn to_json(&self) -> anyhow::Result<Option<Value>> {
        if self.is_empty() { Ok(None) } else { self.read().map(|values| Some(values.to_json())) }
    }
}

/// The error is Helm's and names the flag.
fn set_all(merged: &mut Values, arguments: &[String], kind: SetKind) -> anyhow::Result<()> {
    for argument in arguments {
        values::set(merged, argument, kind).map_err(|error| anyhow!(error))?;
    }
    Ok(())
}

fn read_file(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = file.display();
    let mut text = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(MAX_FILE + 1).read_to_end(&mut text)
    } else {
        std::fs::File::open(file).and_then(|open| open.take(MAX_FILE + 1).read_to_end(&mut text))
    };
    read.with_context(|| format!("cannot read {name}"))?;
    anyhow::ensure!(text.len() as u64 <= MAX_FILE, "{name} is larger than {} MiB", MAX_FILE >> 20);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::ValuesArgs;

    #[test]
    fn a_bad_flag_is_named_once_in_helms_words() {
        let error = |args: ValuesArgs| format!("{:#}", args.read().unwrap_err());
        assert_eq!(
            error(ValuesArgs { set: vec!["a".into()], ..ValuesArgs::default() }),
            "failed parsing --set data: key \"a\" has no value"
        );
        assert_eq!(
            error(ValuesArgs { set_json: vec!["a=[1".into()], ..ValuesArgs::default() }),
            "failed parsing --set-json data a=[1"
        );
        assert_eq!(
            error(ValuesArgs { set_file: vec!["a".into()], ..ValuesArgs::default() }),
            "failed parsing --set-file data: key \"a\" has no value"
        );
    }
}
