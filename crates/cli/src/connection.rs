//! Which server the client commands talk to, and with which token.

use std::{env, fs, path::PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Name of the file in a data directory that tells where its process serves.
pub(crate) const SERVER_FILE: &str = "server.json";

/// Where the API is and who asks.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Connection {
    /// Address of the server, for example `http://127.0.0.1:9480`.
    pub(crate) server: String,
    /// A bearer token that the cluster accepts.
    pub(crate) token: String,
    /// A file with the authority that signed the server's certificate, where it is not a public one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate_authority: Option<PathBuf>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("server", &self.server)
            .field("token", &"****")
            .finish_non_exhaustive()
    }
}

/// Flags of every command that talks to a server.
#[derive(Debug, clap::Args)]
pub(crate) struct ConnectionArgs {
    /// Address of the server; default: the one of `pilothouse login`, else the one that runs on this machine.
    #[arg(long, global = true, env = "PILOTHOUSE_SERVER", value_name = "URL")]
    server: Option<String>,
    /// Token to sign in with.
    #[arg(long, global = true, env = "PILOTHOUSE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Data directory of the server on this machine.
    #[arg(long, global = true, env = "PILOTHOUSE_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl ConnectionArgs {
    /// The server that the flags, the environment, `pilothouse login` or the running process name, in that order.
    ///
    /// # Errors
    /// Where none is named, or its file cannot be read.
    pub(crate) fn connection(&self) -> anyhow::Result<Connection> {
        let saved = match &self.data_dir {
            Some(data_dir) => read(data_dir.join(SERVER_FILE))?,
            None => match read(login_file())? {
                Some(connection) => Some(connection),
                None => read(default_data_dir().join(SERVER_FILE))?,
            },
        };
        match (&self.server, &self.token, saved) {
            (Some(server), Some(token), _) => {
                Ok(Connection { server: server.clone(), token: token.clone(), certificate_authority: None })
            }
            (Some(server), None, Some(saved)) if saved.server == *server => Ok(saved),
            (Some(server), None, _) => {
                anyhow::bail!(
                    "no token for {server}: give one with --token, or run `pilothouse login {server}`"
                )
            }
            (None, Some(token), Some(saved)) => Ok(Connection { token: token.clone(), ..saved }),
            (None, None, Some(saved)) => Ok(saved),
            (None, _, None) => anyhow::bail!(
                "no server is known: start one with `pilothouse up`, or name one with `pilothouse login URL`"
            ),
        }
    }
}

/// Where `pilothouse login` keeps the connection.
pub(crate) fn login_file() -> PathBuf {
    home("XDG_CONFIG_HOME", ".config").join("pilothouse").join("login.json")
}

/// Where `pilothouse up` keeps its state: `PILOTHOUSE_DATA_DIR`, else `pilothouse` in the user's data directory.
pub(crate) fn default_data_dir() -> PathBuf {
    env::var_os("PILOTHOUSE_DATA_DIR")
        .map_or_else(|| home("XDG_DATA_HOME", ".local/share").join("pilothouse"), PathBuf::from)
}

fn home(variable: &str, below_home: &str) -> PathBuf {
    match env::var_os(variable).filter(|value| !value.is_empty()) {
        Some(directory) => PathBuf::from(directory),
        None => PathBuf::from(env::var_os("HOME").unwrap_or_else(|| "/".into())).join(below_home),
    }
}

fn read(file: PathBuf) -> anyhow::Result<Option<Connection>> {
    match fs::read(&file) {
        Ok(text) => serde_json::from_slice(&text).map(Some).with_context(|| {
            format!("{} does not name a server: remove it and sign in again", file.display())
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}
