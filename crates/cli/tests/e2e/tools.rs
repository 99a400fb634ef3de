//! The real tools that the tests drive.

use std::{
    env,
    io::{Seek, Write},
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

/// Directory with the virtual environment that `hack/need test` makes.
fn venv() -> PathBuf {
    if let Some(directory) = env::var_os("PILOTHOUSE_TEST_TOOLS") {
        return PathBuf::from(directory);
    }
    let cache = env::var_os("PILOTHOUSE_CACHE").map_or_else(
        || {
            let base = env::var_os("XDG_CACHE_HOME")
                .map_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cache"), PathBuf::from);
            base.join("pilothouse")
        },
        PathBuf::from,
    );
    cache.join("test-tools")
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Whether everything the test needs is there; says loudly what is not, and fails where CI must have it.
pub(crate) fn present(test: &str, needed: &[(&str, bool)]) -> bool {
    let missing: Vec<_> = needed.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return true;
    }
    let text = format!("SKIPPED {test}: missing {} (make test installs what it may)", missing.join(", "));
    assert!(!env::var("CI").is_ok_and(|ci| ci == "true"), "{text}; CI must have it");
    eprintln!("\n!!! {text}\n");
    false
}

pub(crate) fn docker_registry() -> (&'static str, bool) {
    ("docker-registry", Path::new("/usr/bin/docker-registry").exists())
}

pub(crate) fn helm_tool() -> (&'static str, bool) {
    ("helm (helm-python-sdk)", venv().join("bin/python").exists())
}

pub(crate) fn kubectl_tool() -> (&'static str, bool) {
    ("kubectl", venv().join("bin/kubectl").exists())
}

/// The real kubectl with that kubeconfig.
pub(crate) fn kubectl(kubeconfig: &Path) -> Command {
    let mut command = Command::new(venv().join("bin/kubectl"));
    command.arg("--kubeconfig").arg(kubeconfig).env("KUBECACHEDIR", kubeconfig.with_extension("cache"));
    command
}

/// The real helm (`hack/helm`).
pub(crate) fn helm() -> Command {
    let mut command = Command::new(venv().join("bin/helm"));
    command.arg(root().join("hack/helm"));
    command
}

/// Runs a command that must succeed; gives its standard output.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = output(command);
    assert!(output.status.success(), "{command:?} failed:\n{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The same with `input` on its standard input.
pub(crate) fn succeed_with(command: &mut Command, input: &str) -> String {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    file.rewind().unwrap();
    succeed(command.stdin(file))
}

/// Runs a command that must fail; gives what it printed.
pub(crate) fn fail(command: &mut Command) -> String {
    let output = output(command);
    assert!(!output.status.success(), "{command:?} succeeded:\n{}", text(&output));
    text(&output)
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Asks until the answer is there; fails after the time with what was asked last.
pub(crate) fn eventually<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let begin = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(state) if begin.elapsed() > within => {
                panic!("not within {within:?}: {what}; last seen: {state}")
            }
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}
