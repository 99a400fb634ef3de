//! How a registry or a chart repository is reached: flags, and the credentials that `helm registry login` and
//! `docker login` left on this machine.

use std::{
    env, fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use pilothouse_registry::{
    Access, Credentials, Error as RegistryError, Kind, Pool, RepositoryUrl, Scheme, TlsOptions,
    docker_config::DockerConfig,
};

use super::repositories::Repository;

/// Largest certificate, key or configuration file.
const MAX_FILE: u64 = 1 << 20;
/// Largest password.
const MAX_PASSWORD: u64 = 64 << 10;
/// Largest chart archive, as `pilothouse_chart::Limits` has it.
const MAX_ARCHIVE: u64 = 20 << 20;

/// Flags on how a registry or repository is reached, in Helm's names.
#[derive(Debug, Default, Clone, clap::Args)]
pub(crate) struct RemoteArgs {
    /// User name for the registry or repository.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// Password; better given with --password-stdin or in `PILOTHOUSE_REGISTRY_PASSWORD`, where others do not see it.
    #[arg(long, value_name = "PASSWORD", env = "PILOTHOUSE_REGISTRY_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Read the password from standard input.
    #[arg(long, requires = "username", conflicts_with = "password")]
    password_stdin: bool,
    /// Certificate (PEM) that proves who asks.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    cert_file: Option<PathBuf>,
    /// Private key (PEM) of that certificate.
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    key_file: Option<PathBuf>,
    /// Trust the authorities of this PEM file too.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Do not check the server's certificate.
    #[arg(long)]
    insecure_skip_tls_verify: bool,
    /// Talk plain HTTP to the registry.
    #[arg(long)]
    plain_http: bool,
}

impl RemoteArgs {
    /// The flags with a password from standard input read, where that was asked for: it can be read once only.
    ///
    /// # Errors
    /// Standard input cannot be read.
    pub(crate) fn with_password(&self) -> anyhow::Result<Self> {
        let mut args = self.clone();
        if args.password_stdin {
            let mut text = String::new();
            std::io::stdin()
                .take(MAX_PASSWORD)
                .read_to_string(&mut text)
                .context("cannot read the password")?;
            args.password = Some(text.trim_end_matches(['\r', '\n']).to_owned());
            args.password_stdin = false;
        }
        Ok(args)
    }

    /// Access to an OCI registry: with the flags' credentials, else those of `helm registry login` or `docker login`.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub(crate) fn registry(&self, url: &RepositoryUrl) -> anyhow::Result<Access> {
        let mut access = self.access()?;
        if self.plain_http {
            access.scheme = Scheme::PlainHttp;
        }
        let credentials = match self.given() {
            Some(credentials) => credentials,
            None => saved(url)?,
        };
        Ok(access.with_credentials(credentials))
    }

    /// Access to an HTTP chart repository: with the flags' settings, else those that `helm repo add` saved.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub(crate) fn repository(&self, known: Option<&Repository>) -> anyhow::Result<Access> {
        let mut access = self.access()?;
        let mut credentials = self.given();
        if let Some(known) = known {
            credentials = credentials.or_else(|| known.credentials());
            access.pass_credentials |= known.pass_credentials_all;
            access.tls.skip_verify |= known.insecure_skip_tls_verify;
            let read =
                |path: &str| if path.is_empty() { Ok(None) } else { read_file(Path::new(path)).map(Some) };
            if access.tls.ca.is_none() {
                access.tls.ca = read(&known.ca_file)?;
            }
            if access.tls.client.is_none()
                && let (Some(certificate), Some(key)) = (read(&known.cert_file)?, read(&known.key_file)?)
            {
                access.tls.client = Some((certificate, key));
            }
        }
        Ok(access.with_credentials(credentials.unwrap_or_default()))
    }

    fn access(&self) -> anyhow::Result<Access> {
        let read = |file: &Option<PathBuf>| file.as_deref().map(read_file).transpose();
        let client = match (read(&self.cert_file)?, read(&self.key_file)?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            _ => None,
        };
        let tls = TlsOptions { ca: read(&self.ca_file)?, client, skip_verify: self.insecure_skip_tls_verify };
        let mut access = Access::default();
        access.tls = tls;
        access.limits.layer = MAX_ARCHIVE;
        Ok(access)
    }

    fn given(&self) -> Option<Credentials> {
        let username = self.username.as_deref().filter(|name| !name.is_empty())?;
        Some(Credentials::basic(username, self.password.clone().unwrap_or_default()))
    }
}

/// What a person at the command line can do about a registry's or repository's error.
pub(crate) fn hint(error: &RegistryError) -> Option<&'static str> {
    Some(match error.kind() {
        Kind::Authentication => {
            "give --username and --password-stdin, or sign in with `helm registry login` or `docker login`"
        }
        Kind::NotFound => {
            "check the address, the chart's name and the version; some registries answer so for private charts"
        }
        Kind::RateLimited => {
            "registries allow more requests to those who sign in: give --username and --password-stdin"
        }
        Kind::TlsNotTrusted => "name the certificate authority with --ca-file",
        Kind::Tls => "check whether the server speaks TLS on this port; for plain HTTP give --plain-http",
        Kind::Dns => "check the host name",
        Kind::Connect => "check host and port, and whether the server is running and reachable from here",
        _ => return None,
    })
}

/// Connections of this process.
pub(crate) fn pool() -> Pool {
    Pool::default()
}

/// What `helm registry login` saved for a registry, else what `docker login` did.
fn saved(url: &RepositoryUrl) -> anyhow::Result<Credentials> {
    let docker =
        env::var_os("DOCKER_CONFIG").map(PathBuf::from).or_else(|| home().map(|home| home.join(".docker")));
    let files =
        [helm_config("HELM_REGISTRY_CONFIG", "registry/config.json"), docker.map(|d| d.join("config.json"))];
    for file in files.into_iter().flatten() {
        let Ok(text) = fs::read(&file) else { continue };
        let config = DockerConfig::parse(&text).with_context(|| format!("cannot use {}", file.display()))?;
        if let Some(credentials) = config.lookup(url) {
            return Ok(credentials.clone());
        }
    }
    Ok(Credentials::Anonymous)
}

/// A file of Helm's configuration: the variable names it, else it is in Helm's configuration directory.
pub(crate) fn helm_config(variable: &str, name: &str) -> Option<PathBuf> {
    let set = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(file) = set(variable) {
        return Some(file);
    }
    let directory = set("HELM_CONFIG_HOME")
        .or_else(|| set("XDG_CONFIG_HOME").map(|directory| directory.join("helm")))
        .or_else(|| home().map(|home| home.join(".config/helm")))?;
    Some(directory.join(name))
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from)
}

/// Reads a small file.
///
/// # Errors
/// It cannot be read, or is larger than 1 MiB.
pub(crate) fn read_file(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(file)
        .and_then(|open| open.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {}", file.display()))?;
    if bytes.len() as u64 > MAX_FILE {
        bail!("{} is larger than {} MiB", file.display(), MAX_FILE >> 20);
    }
    Ok(bytes)
}
