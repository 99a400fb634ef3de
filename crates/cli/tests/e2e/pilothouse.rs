//! The binary under test.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::tools::{kubectl, succeed};

/// How long a start may take; the tests run beside a build on small machines.
const START: Duration = Duration::from_secs(60);

/// `pilothouse up` on a data directory of its own.
pub(crate) struct Pilothouse {
    child: Option<Child>,
    directory: TempDir,
    flags: Vec<String>,
    kubeconfig: PathBuf,
}

impl Pilothouse {
    /// On the embedded cluster.
    pub(crate) fn start() -> Self {
        Self::with_flags(&[])
    }

    /// On the embedded cluster, with further flags of `up`.
    pub(crate) fn with_flags(flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let kubeconfig = directory.path().join("state/kubeconfig");
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let mut this = Self { child: None, directory, flags, kubeconfig };
        this.up();
        this
    }

    /// On a real cluster.
    pub(crate) fn on(kubeconfig: &Path) -> Self {
        let mut this =
            Self::with_flags_only(&["--install-crds", "--kubeconfig", kubeconfig.to_str().unwrap()]);
        this.kubeconfig = kubeconfig.to_owned();
        this.up();
        this
    }

    fn with_flags_only(flags: &[&str]) -> Self {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Self { child: None, directory: tempfile::tempdir().unwrap(), flags, kubeconfig: PathBuf::new() }
    }

    /// Starts the process and waits until it says that it runs.
    pub(crate) fn up(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_pilothouse"))
            .args(["up", "--listen", "127.0.0.1:0", "--log-level", "debug", "--data-dir"])
            .arg(self.data_dir())
            .args(&self.flags)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (send, started) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.starts_with("  stop:") || line.starts_with("  state:") {
                    let _ = send.send(());
                }
            }
        });
        self.child = Some(child);
        assert!(started.recv_timeout(START).is_ok(), "pilothouse up does not start:\n{}", self.log());
    }

    /// Ends the process without warning, as a crash or the kernel would.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks the process to stop (SIGTERM) and waits until it has; it must end well.
    pub(crate) fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        succeed(Command::new("kill").arg("-TERM").arg(child.id().to_string()));
        let status = child.wait().unwrap();
        assert!(status.success(), "pilothouse up ended with {status}:\n{}", self.log());
    }

    /// The command line, on this process.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
        command.env("PILOTHOUSE_DATA_DIR", self.data_dir()).args(arguments);
        command
    }

    /// Runs the command line; it must succeed.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        succeed(&mut self.command(arguments))
    }

    /// Runs the command line with `-o json`; it must succeed.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.cli(&[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{arguments:?} is no JSON ({error}): {text}"))
    }

    /// An object of the cluster by the real kubectl.
    pub(crate) fn object(&self, namespace: &str, resource: &str, name: &str) -> Result<Value, String> {
        let output = kubectl(&self.kubeconfig)
            .args(["--namespace", namespace, "get", resource, name, "-o", "json"])
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout)
            .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The condition `Ready` of an object, as `STATUS REASON MESSAGE`.
    pub(crate) fn ready(&self, namespace: &str, resource: &str, name: &str) -> Result<String, String> {
        let object = self.object(namespace, resource, name)?;
        let conditions = object["status"]["conditions"].as_array().ok_or("no conditions")?;
        let ready = conditions.iter().find(|condition| condition["type"] == "Ready").ok_or("no Ready")?;
        let field = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        Ok(format!("{} {} {}", field("status"), field("reason"), field("message")))
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// What the process logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}

impl Drop for Pilothouse {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(6000);
            eprintln!("--- end of the log of pilothouse up ---\n{}", log.get(from..).unwrap_or(&log));
        }
    }
}
