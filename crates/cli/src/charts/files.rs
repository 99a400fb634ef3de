//! Charts on disk: an archive, or a directory.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use pilothouse_chart::{Chart, Limits};

/// Deepest directory of a chart.
const MAX_DEPTH: usize = 64;

/// Loads the chart of an archive or a directory.
///
/// # Errors
/// Where it cannot be read or is no chart.
pub(crate) fn load(path: &Path) -> anyhow::Result<Chart> {
    let limits = Limits::default();
    let name = path.display();
    let metadata =
        fs::metadata(path).map_err(|_| anyhow::anyhow!("stat {name}: no such file or directory"))?;
    if metadata.is_dir() {
        let files = directory(path, &limits)?;
        return Chart::from_files(files, &limits).map_err(|error| anyhow::anyhow!("{error}"));
    }
    let archive = read(path, limits.archive_bytes as u64)?;
    Chart::load_archive(&archive, &limits).map_err(|error| anyhow::anyhow!("{error}"))
}

/// Reads a file that may not be larger than `limit` bytes.
pub(crate) fn read(file: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)
        .and_then(|open| open.take(limit + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {}", file.display()))?;
    if bytes.len() as u64 > limit {
        bail!("{} is larger than {} MiB", file.display(), limit >> 20);
    }
    Ok(bytes)
}

/// Every file below a directory with its path relative to it, `/` between parts. Links are followed, as Helm does.
pub(crate) fn directory(root: &Path, limits: &Limits) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut left = limits.decompressed_bytes;
    let mut pending: Vec<(PathBuf, usize)> = vec![(root.to_owned(), 0)];
    while let Some((directory, depth)) = pending.pop() {
        if depth > MAX_DEPTH {
            bail!("{} is nested deeper than {MAX_DEPTH} directories", directory.display());
        }
        for entry in
            fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?
        {
            let path = entry.with_context(|| format!("cannot read {}", directory.display()))?.path();
            let metadata = fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if metadata.is_dir() {
                pending.push((path, depth + 1));
                continue;
            }
            if files.len() >= limits.files {
                bail!("{} holds more than {} files", root.display(), limits.files);
            }
            let bytes = read(&path, limits.file_bytes.min(left))?;
            left -= bytes.len() as u64;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let Some(name) = relative.to_str() else { bail!("{} is not UTF-8", path.display()) };
            files.push((name.replace(std::path::MAIN_SEPARATOR, "/"), bytes));
        }
    }
    files.sort();
    Ok(files)
}
