//! The commands, one file each.

mod batch;
mod chart;
mod chart_files;
mod client;
mod completion;
mod crds;
mod login;
mod release;
mod repo;
mod template;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::up;

/// Registers Helm repositories, shows their charts and deploys releases.
#[derive(Debug, Parser)]
#[command(name = "pilothouse", version, about, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the portal, the API and the controllers, with a cluster of their own or on yours.
    Up(up::Args),
    /// Register repositories and keep them in sync.
    Repo(repo::Args),
    /// Look at the charts of the registered repositories.
    Chart(chart::Args),
    /// Deploy charts and look after what they deployed.
    Release(release::Args),
    /// Render a chart without a cluster, as `helm template` does.
    Template(template::Args),
    /// Remember a server and the token to sign in with.
    Login(login::Args),
    /// Print the manifests of the `CustomResourceDefinitions`.
    Crds,
    /// Print the completion script of a shell.
    Completion(completion::Args),
}

/// Runs the command.
///
/// # Errors
/// What the command could not do.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Up(args) => up::run(args).map(|()| ExitCode::SUCCESS),
        Command::Repo(args) => repo::run(&args),
        Command::Chart(args) => chart::run(&args),
        Command::Release(args) => release::run(&args),
        Command::Template(args) => template::run(&args),
        Command::Login(args) => login::run(&args),
        Command::Crds => crds::run().map(|()| ExitCode::SUCCESS),
        Command::Completion(args) => {
            completion::run(&args);
            Ok(ExitCode::SUCCESS)
        }
    }
}
