//! `pilothouse login`: remembers a server and a token.

use std::{
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;

use super::client::{block_on, text};
use crate::{
    api::Api,
    connection::{self, Connection},
    output,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address of the server, for example https://pilothouse.example.
    url: String,
    /// The token; read from standard input where it is not given.
    #[arg(long, env = "PILOTHOUSE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Trust the authorities of this PEM file too.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Checks the token with the server and keeps both in a file of mode 0600.
///
/// # Errors
/// Where the server does not accept the token, or the file cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    block_on(async {
        let token = if let Some(token) = &args.token {
            token.clone()
        } else {
            output::progress("token:");
            let mut text = String::new();
            std::io::stdin().take(64 * 1024).read_to_string(&mut text).context("cannot read the token")?;
            text.trim().to_owned()
        };
        anyhow::ensure!(!token.is_empty(), "no token given");
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        anyhow::ensure!(
            args.url.starts_with("https://") || loopback.iter().any(|prefix| args.url.starts_with(prefix)),
            "{} is not https: the token would travel unencrypted",
            args.url
        );
        let certificate_authority = args.ca_file.as_ref().map(|file| file.canonicalize()).transpose()?;
        let connection = Connection { server: args.url.clone(), token, certificate_authority };
        let me = Api::new(connection.clone())?.get("/me").await?;
        save(&connection)?;
        output::note(format!("signed in to {} as {}", args.url, text(&me, "user")));
        Ok(ExitCode::SUCCESS)
    })
}

fn save(connection: &Connection) -> anyhow::Result<()> {
    let file = connection::login_file();
    let write = || -> anyhow::Result<()> {
        if let Some(directory) = file.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let mut open =
            std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&file)?;
        open.write_all(&serde_json::to_vec_pretty(connection)?)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", file.display()))
}
