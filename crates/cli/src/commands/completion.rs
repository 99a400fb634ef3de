use clap::CommandFactory;

use crate::{commands::Cli, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell that completes.
    shell: clap_complete::Shell,
}

pub(crate) fn run(args: &Args) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "pilothouse", &mut script);
    output::raw(&script);
}
