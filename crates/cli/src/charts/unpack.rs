//! A chart archive as a directory.

use std::{fs, path::Path};

use anyhow::{Context, anyhow, bail};
use pilothouse_chart::{Chart, Limits};

/// Writes the files of an archive below `directory/<chart name>`.
///
/// Every path was checked when the archive was read (nothing absolute, no `..`, no links), and nothing that is already
/// there is written over.
///
/// # Errors
/// It is no chart, or a file cannot be written.
pub(crate) fn unpack(archive: &[u8], directory: &Path) -> anyhow::Result<()> {
    let (name, files) =
        Chart::expand_archive(archive, &Limits::default()).map_err(|error| anyhow!("{error}"))?;
    let root = directory.join(name);
    for (name, data) in files {
        let path = root.join(&name);
        if !path.starts_with(&root) || name.split('/').any(|part| part == "..") {
            bail!("the file {name:?} of the chart is outside of it");
        }
        let write = || -> std::io::Result<()> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut open = fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
            std::io::Write::write_all(&mut open, &data)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
