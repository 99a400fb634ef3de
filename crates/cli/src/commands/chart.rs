//! `pilothouse chart`: the charts of the registered repositories.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::client::{ClientArgs, ago, all_pages, block_on, brief, text};
use crate::{
    api::{Api, escape},
    output,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the charts of the namespace's repositories, or of one.
    #[command(visible_alias = "ls")]
    List {
        /// Only of this repository.
        #[arg(long, value_name = "NAME")]
        repo: Option<String>,
    },
    /// List the versions of a chart.
    Versions {
        chart: String,
        /// Repository of the chart.
        #[arg(long, value_name = "NAME")]
        repo: String,
    },
    /// Show what a chart is, or one of its files.
    Show {
        chart: String,
        /// Repository of the chart.
        #[arg(long, value_name = "NAME")]
        repo: String,
        /// Version or range [default: the newest stable one].
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
        /// What is shown.
        #[arg(default_value = "chart")]
        what: What,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Its metadata.
    Chart,
    /// Its README.
    Readme,
    /// Its default values.
    Values,
    /// The schema of its values.
    Schema,
}

/// Runs `pilothouse chart`.
///
/// # Errors
/// What the server refused, or why it was not reached.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    block_on(async {
        let api = args.client.api()?;
        let client = &args.client;
        match &args.command {
            Command::List { repo } => list(client, &api, repo.as_deref()).await,
            Command::Versions { chart, repo } => versions(client, &api, repo, chart).await,
            Command::Show { chart, repo, version, what } => {
                show(client, &api, repo, chart, version.as_deref(), *what).await
            }
        }?;
        Ok(ExitCode::SUCCESS)
    })
}

fn charts(client: &ClientArgs, repo: &str) -> String {
    format!("{}/charts", client.path("repositories", Some(repo)))
}

async fn list(client: &ClientArgs, api: &Api, repo: Option<&str>) -> anyhow::Result<()> {
    let path = repo.map_or_else(|| client.list_path("charts", false), |repo| charts(client, repo));
    let items = all_pages(api, &path).await?;
    client.print(&json!({"items": items}), |_| {
        let row = |item: &Value| {
            vec![
                text(item, "repository"),
                text(item, "name"),
                text(item, "version"),
                text(item, "appVersion"),
                text(item, "versions"),
                brief(&text(item, "description")),
            ]
        };
        let rows: Vec<_> = items.iter().map(row).collect();
        output::table(&["REPOSITORY", "CHART", "NEWEST", "APP VERSION", "VERSIONS", "DESCRIPTION"], &rows);
    })
}

async fn versions(client: &ClientArgs, api: &Api, repo: &str, chart: &str) -> anyhow::Result<()> {
    let path = format!("{}/{}/versions", charts(client, repo), escape(chart));
    let items = api.get(&path).await?.as_array().cloned().unwrap_or_default();
    client.print(&json!({"items": items}), |_| {
        let row = |item: &Value| {
            let digest = text(item, "digest");
            let digest = digest.get(..19).unwrap_or(&digest).to_owned();
            vec![
                text(item, "version"),
                text(item, "appVersion"),
                ago(&item["created"]),
                digest,
                brief(&text(item, "description")),
            ]
        };
        let rows: Vec<_> = items.iter().map(row).collect();
        output::table(&["VERSION", "APP VERSION", "CREATED", "DIGEST", "DESCRIPTION"], &rows);
    })
}

async fn show(
    client: &ClientArgs,
    api: &Api,
    repo: &str,
    chart: &str,
    range: Option<&str>,
    what: What,
) -> anyhow::Result<()> {
    let of_chart = format!("{}/{}", charts(client, repo), escape(chart));
    let range = range.unwrap_or("*");
    let resolved = api.get(&format!("{of_chart}/resolve?range={}", escape(range))).await?;
    let version = text(&resolved, "version");
    anyhow::ensure!(
        !version.is_empty(),
        "no version of the chart {chart} in the repository {repo} matches `{range}`"
    );
    let answer = api.get(&format!("{of_chart}/versions/{}", escape(&version))).await?;
    let file = match what {
        What::Chart => return metadata(client, answer),
        What::Readme => "readme",
        What::Values => "values",
        What::Schema => "schema",
    };
    let content = match &answer[file] {
        Value::Null => anyhow::bail!("chart {chart} {version} has no {file}"),
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other)?,
    };
    output::raw(content.as_bytes());
    if !content.ends_with('\n') {
        output::line("");
    }
    Ok(())
}

/// Prints what is said of a version, without its files.
fn metadata(client: &ClientArgs, mut answer: Value) -> anyhow::Result<()> {
    if let Some(fields) = answer.as_object_mut() {
        for file in ["readme", "values", "schema"] {
            fields.remove(file);
        }
    }
    let format =
        if client.output == output::Format::Json { output::Format::Json } else { output::Format::Yaml };
    output::data(format, &answer)
}
