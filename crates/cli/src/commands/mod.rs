//! The commands, one file each.

mod batch;
mod chart;
mod client;
mod completion;
mod crds;
mod dependency;
mod lint;
mod login;
mod package;
mod pull;
mod push;
mod release;
mod repo;
mod show;
mod template;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pilothouse_chart::RenderError;

pub(crate) use client::block_on;

use crate::up;

/// Registers Helm repositories, shows their charts and deploys releases.
#[derive(Debug, Parser)]
#[command(name = "pilothouse", version, about, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "one is made in a process")]
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
    /// Examine charts for possible issues.
    Lint(lint::Args),
    /// Show what a chart says of itself.
    Show(show::Args),
    /// Fetch charts from registries and repositories.
    Pull(pull::Args),
    /// Upload a chart to a registry.
    Push(push::Args),
    /// Make archives of charts' directories.
    Package(package::Args),
    /// Manage the charts that a chart needs.
    #[command(visible_aliases = ["dep", "dependencies"])]
    Dependency(dependency::Args),
    /// Remember a server and the token to sign in with.
    Login(login::Args),
    /// Print the manifests of the CustomResourceDefinitions.
    Crds,
    /// Print the completion script of a shell.
    Completion(completion::Args),
}

/// A failed render; [`crate::output::error`] prints the place in the template below Helm's text.
pub(crate) fn render_failure(error: RenderError) -> anyhow::Error {
    anyhow::Error::new(error)
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
        Command::Lint(args) => lint::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Pull(args) => pull::run(&args),
        Command::Push(args) => push::run(&args),
        Command::Package(args) => package::run(&args),
        Command::Dependency(args) => dependency::run(&args),
        Command::Login(args) => login::run(&args),
        Command::Crds => crds::run().map(|()| ExitCode::SUCCESS),
        Command::Completion(args) => {
            completion::run(&args);
            Ok(ExitCode::SUCCESS)
        }
    }
}
