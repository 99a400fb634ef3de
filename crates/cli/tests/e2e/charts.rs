//! The sample charts of `demo/charts`, packaged and pushed by the real helm.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::tools::{helm, root, succeed};

/// Versions of the chart `webapp`, oldest first.
pub(crate) const WEBAPP: [&str; 4] = ["1.0.0", "1.1.0", "1.2.0+build.7", "2.0.0"];

/// Pushes the versions of a sample chart into `oci://HOST/PATH`.
pub(crate) fn push(chart: &str, versions: &[&str], remote: &str, login: Option<(&str, &str)>) {
    for version in versions {
        let directory = tempfile::tempdir().unwrap();
        let archive = package(chart, version, directory.path());
        let mut command = helm();
        command.arg("push").arg(&archive).arg(remote);
        if let Some((user, password)) = login {
            command.args(["--username", user, "--password", password]);
        }
        succeed(&mut command);
    }
}

/// Packages a version of a sample chart with the real helm; gives the path of the archive.
pub(crate) fn package(chart: &str, version: &str, destination: &Path) -> PathBuf {
    let source = tempfile::tempdir().unwrap();
    let directory = source.path().join(chart);
    assemble(chart, version, &directory);
    let archive = succeed(helm().arg("package").arg(&directory).arg(destination));
    PathBuf::from(serde_json::from_str::<String>(&archive).unwrap())
}

/// Lays the folders of all versions up to the wanted one over each other.
fn assemble(chart: &str, version: &str, destination: &Path) {
    let versions = root().join("demo/charts").join(chart);
    let mut folders: Vec<_> = fs::read_dir(&versions).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        copy(&folder, destination).unwrap();
        if folder.ends_with(version) {
            return;
        }
    }
    panic!("{} has no version {version}", versions.display());
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
