//! Unpacks a layer and packs it again: no links, no owners, no times, without what is ignored.

use std::io::{Cursor, Read, Write as _};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Most bytes of a layer after unpacking.
const MAX_UNPACKED: u64 = 256 << 20;
/// Most entries of a layer.
const MAX_ENTRIES: usize = 50_000;
/// Largest `.sourceignore` and `ignore` text.
const MAX_IGNORE: usize = 64 << 10;

/// The layer's regular files and folders as a gzip'd tar, without what `.sourceignore` in the layer or `extra`
/// (gitignore patterns) exclude. Modes are Flux's: 0600, 0700 for what can be executed, 0750 for folders.
pub(super) fn repack(layer: &[u8], extra: Option<&str>) -> Result<Bytes, String> {
    let entries = unpack(layer)?;
    let ignored = patterns(&entries, extra)?;
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for entry in &entries {
        if ignored.matched_path_or_any_parents(&entry.path, entry.is_folder).is_ignore() {
            continue;
        }
        append(&mut tar, entry).map_err(|e| e.to_string())?;
    }
    let finished = tar.into_inner().and_then(|mut encoder| {
        encoder.flush()?;
        encoder.finish()
    });
    finished.map(Bytes::from).map_err(|e| e.to_string())
}

struct Entry {
    path: PathBuf,
    is_folder: bool,
    executable: bool,
    content: Vec<u8>,
}

fn unpack(layer: &[u8]) -> Result<Vec<Entry>, String> {
    let gzip = layer.starts_with(&[0x1f, 0x8b]);
    let reader: Box<dyn Read + '_> =
        if gzip { Box::new(GzDecoder::new(layer)) } else { Box::new(Cursor::new(layer)) };
    let mut tar = tar::Archive::new(reader.take(MAX_UNPACKED));
    let mut entries = Vec::new();
    let mut total = 0;
    for entry in tar.entries().map_err(|_| "it is not a tar")? {
        let mut entry = entry.map_err(|_| "it is not a tar, or larger than 256 MiB")?;
        let kind = entry.header().entry_type();
        if !kind.is_file() && !kind.is_dir() {
            continue;
        }
        if entries.len() >= MAX_ENTRIES {
            return Err(format!("it holds more than {MAX_ENTRIES} files"));
        }
        total += entry.size();
        if total > MAX_UNPACKED {
            return Err(format!("it is larger than {MAX_UNPACKED} bytes"));
        }
        let path = relative(&entry.path().map_err(|_| "it holds a path that is not text")?)?;
        if path.as_os_str().is_empty() {
            continue;
        }
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
        let mut content = Vec::new();
        if kind.is_file() {
            entry.read_to_end(&mut content).map_err(|_| "a file in it ends early")?;
        }
        entries.push(Entry { path, is_folder: kind.is_dir(), executable, content });
    }
    Ok(entries)
}

fn relative(path: &Path) -> Result<PathBuf, String> {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => clean.push(part),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                return Err(format!("it holds the path `{}`, which leads out of it", path.display()));
            }
        }
    }
    Ok(clean)
}

fn patterns(entries: &[Entry], extra: Option<&str>) -> Result<Gitignore, String> {
    let mut builder = GitignoreBuilder::new("");
    let own = entries.iter().filter(|e| e.path == Path::new(".sourceignore"));
    let own = own.map(|e| String::from_utf8_lossy(&e.content).into_owned());
    for text in own.chain(extra.map(str::to_owned)) {
        if text.len() > MAX_IGNORE {
            return Err(format!("its ignore patterns are longer than {MAX_IGNORE} bytes"));
        }
        for line in text.lines() {
            builder.add_line(None, line).map_err(|e| format!("ignore pattern `{line}`: {e}"))?;
        }
    }
    builder.build().map_err(|e| e.to_string())
}

fn append(tar: &mut tar::Builder<GzEncoder<Vec<u8>>>, entry: &Entry) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mtime(0);
    if entry.is_folder {
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(0o750);
        header.set_size(0);
    } else {
        header.set_mode(if entry.executable { 0o700 } else { 0o600 });
        header.set_size(entry.content.len() as u64);
    }
    tar.append_data(&mut header, &entry.path, entry.content.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(files: &[(&str, &str)]) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        let mut link = tar::Header::new_gnu();
        link.set_entry_type(tar::EntryType::Symlink);
        link.set_size(0);
        tar.append_link(&mut link, "link", "/etc/passwd").unwrap();
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn paths(archive: &[u8]) -> Vec<String> {
        unpack(archive).unwrap().iter().map(|e| e.path.display().to_string()).collect()
    }

    #[test]
    fn links_and_ignored_files_are_left_out() {
        let layer =
            layer(&[("app/a.yaml", "a"), ("app/b.md", "b"), ("c.txt", "c"), (".sourceignore", "c.txt\n")]);
        let packed = repack(&layer, Some("*.md\n")).unwrap();
        assert_eq!(paths(&packed), ["app/a.yaml", ".sourceignore"]);
        assert_eq!(repack(&layer, Some("*.md\n")).unwrap(), packed);
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        assert!(relative(Path::new("../x")).is_err());
        assert_eq!(relative(Path::new("/a/./b")).unwrap(), Path::new("a/b"));
        assert!(
            repack(b"not a tar at all, but long enough to be read as one block of a tar file ....", None)
                .is_err()
        );
    }
}
