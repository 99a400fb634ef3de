//! The built portal inside the binary, or in a directory for those who work on it.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use pilothouse_server::PortalAssets;

/// Files of `portal/dist` by path; empty in a build without the portal (`cargo build` before `make build`).
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/portal.rs"));

/// The portal's files for the server: those in the binary, or those of `directory` (`vite build`'s output).
///
/// # Errors
/// A directory that cannot be read or holds no `index.html`.
pub(crate) fn assets(directory: Option<&Path>) -> anyhow::Result<PortalAssets> {
    let Some(directory) = directory else {
        return Ok(PortalAssets::new(
            FILES.iter().map(|(path, bytes)| ((*path).to_owned(), Cow::Borrowed(*bytes))),
        ));
    };
    let mut files = Vec::new();
    collect(directory, &mut files)
        .with_context(|| format!("cannot read the portal in {}", directory.display()))?;
    let read = |path: PathBuf| -> anyhow::Result<(String, Cow<'static, [u8]>)> {
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(directory).unwrap_or(&path).to_string_lossy().into_owned();
        Ok((name, Cow::Owned(bytes)))
    };
    let files = files.into_iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    anyhow::ensure!(
        files.iter().any(|(name, _)| name == "index.html"),
        "no index.html in {}: run `npm run build` in portal/ first",
        directory.display()
    );
    Ok(PortalAssets::new(files))
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
