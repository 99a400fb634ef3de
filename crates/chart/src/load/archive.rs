//! `.tgz` to files, within limits.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use tar::EntryType;

use super::Spent;
use crate::LoadError;
use crate::chart::File;

/// Headers a tar may spend beside its files' bytes: two blocks an entry are normal, long names take more.
const HEADER_BYTES_PER_FILE: u64 = 8 << 10;

pub(super) fn read(archive: &[u8], spent: &mut Spent<'_>) -> Result<Vec<File>, LoadError> {
    let limits = spent.limits;
    if archive.len() > limits.archive_bytes {
        return Err(LoadError::Limit(format!("chart archive is larger than {} bytes", limits.archive_bytes)));
    }
    if !archive.starts_with(&[0x1F, 0x8B]) {
        return Err(LoadError::Archive("gzip: invalid header".to_owned()));
    }
    let most = limits.decompressed_bytes + HEADER_BYTES_PER_FILE * limits.files as u64;
    let mut tar = tar::Archive::new(MultiGzDecoder::new(archive).take(most));
    let mut files = Vec::new();
    for entry in tar.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let kind = entry.header().entry_type();
        let full = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        spent.add_file()?;
        if kind.is_dir()
            || full.ends_with('/')
            || matches!(kind, EntryType::XGlobalHeader | EntryType::XHeader)
        {
            continue;
        }
        if !matches!(kind, EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse) {
            return Err(LoadError::Archive(format!(
                "chart archive contains {full:?}, which is not a regular file"
            )));
        }
        let name = relative_name(&full)?;
        let size = entry.size();
        if spent.bytes + size > limits.decompressed_bytes {
            return Err(too_large(spent));
        }
        if size > limits.file_bytes {
            return Err(LoadError::Limit(format!(
                "decompressed chart file {full:?} is larger than the maximum file size {}",
                limits.file_bytes
            )));
        }
        spent.bytes += size;
        let mut data = Vec::new();
        entry.read_to_end(&mut data).map_err(unreadable)?;
        if (data.len() as u64) < size {
            return Err(LoadError::Archive(format!("unexpected EOF in {full:?}")));
        }
        let modified = entry.header().mtime().ok().and_then(|seconds| i64::try_from(seconds).ok());
        let modified = modified.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        let data = data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&data).into();
        files.push(File { name, data, modified });
    }
    if files.is_empty() {
        return Err(LoadError::Archive("no files in chart archive".to_owned()));
    }
    Ok(files)
}

fn too_large(spent: &Spent<'_>) -> LoadError {
    let most = spent.limits.decompressed_bytes;
    LoadError::Limit(format!("decompressed chart is larger than the maximum size {most}"))
}

#[expect(clippy::needless_pass_by_value, reason = "used as map_err's function")]
fn unreadable(error: std::io::Error) -> LoadError {
    LoadError::Archive(match error.kind() {
        std::io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        _ => format!("cannot read chart archive: {error}"),
    })
}

/// The path in the chart: the archive's first folder is dropped; what would leave it is refused.
fn relative_name(full: &str) -> Result<String, LoadError> {
    let refuse = |message: String| Err(LoadError::Archive(message));
    let delimiter = if full.contains('\\') { '\\' } else { '/' };
    let (first, rest) = full.split_once(delimiter).unwrap_or((full, ""));
    let rest = rest.replace(delimiter, "/");
    if rest.starts_with('/') || first.is_empty() {
        return refuse(format!("chart illegally contains absolute paths: {full:?}"));
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let name = parts.join("/");
    if name.is_empty() {
        return refuse(format!("chart illegally contains content outside the base directory: {full:?}"));
    }
    if name.starts_with("..") {
        return refuse(format!("chart illegally references parent directory: {full:?}"));
    }
    if name.as_bytes()[0].is_ascii_alphabetic() && name[1..].starts_with(":/") {
        return refuse(format!("chart contains illegally named files: {full:?}"));
    }
    if first == "Chart.yaml" {
        return refuse("chart yaml not in base directory".to_owned());
    }
    Ok(name)
}
