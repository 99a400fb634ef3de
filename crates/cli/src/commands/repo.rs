//! `pilothouse repo`: repositories of charts.

use std::{io::Read, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Subcommand;
use serde_json::{Value, json};

use super::client::{ClientArgs, Seen, WaitArgs, ago, all_pages, block_on, brief, ready, text, wait_for};
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
    /// Register a repository: https://HOST/PATH with an index, or oci://HOST/NAMESPACE.
    Add(Add),
    /// List repositories.
    #[command(visible_alias = "ls")]
    List {
        /// Of all namespaces.
        #[arg(long, short = 'A')]
        all_namespaces: bool,
    },
    /// Show a repository, its sync and the releases that use it.
    Show { name: String },
    /// Change a repository; what is not named stays.
    Update(Update),
    /// Give a repository another name; its releases follow, nothing is deployed again.
    Rename { name: String, new_name: String },
    /// Compare a repository with its registry now.
    Sync {
        name: String,
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// Delete a repository; its releases stay and stop reconciling.
    Delete {
        name: String,
        /// Delete it although releases use it.
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    name: String,
    url: String,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    wait: WaitArgs,
}

#[derive(Debug, clap::Args)]
struct Update {
    name: String,
    /// New address.
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    wait: WaitArgs,
}

#[derive(Debug, clap::Args)]
struct Settings {
    /// How often it is compared with its registry: MM:SS, or a duration such as 5m0s.
    #[arg(long, value_name = "MM:SS")]
    interval: Option<String>,
    /// User name for the registry; the password is read from standard input or PILOTHOUSE_REGISTRY_PASSWORD.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// Read the password from standard input.
    #[arg(long, requires = "username")]
    password_stdin: bool,
    /// Read a bearer token for the registry from standard input.
    #[arg(long, conflicts_with_all = ["username", "pull_secret"])]
    bearer_token_stdin: bool,
    /// Use the credentials of this Secret of the namespace.
    #[arg(long, value_name = "SECRET", conflicts_with = "username")]
    pull_secret: Option<String>,
    /// Trust the authorities of this PEM file too.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Talk plain HTTP to the registry.
    #[arg(long)]
    insecure: bool,
    /// Log in to the registry of a cloud with the identity of the process: aws, azure or gcp.
    #[arg(long, value_name = "CLOUD")]
    provider: Option<String>,
    /// A chart of the registry, where it does not let a client list them; repeat it for several.
    #[arg(long = "chart", value_name = "NAME")]
    charts: Vec<String>,
}

impl Settings {
    /// The fields that were named.
    fn body(&self) -> anyhow::Result<Value> {
        let mut body = json!({});
        if let Some(interval) = &self.interval {
            body["interval"] = json!(interval);
        }
        if self.insecure {
            body["insecure"] = json!(true);
        }
        if let Some(provider) = &self.provider {
            body["provider"] = json!(provider);
        }
        if !self.charts.is_empty() {
            body["charts"] = json!(self.charts);
        }
        if let Some(credentials) = self.credentials()? {
            body["credentials"] = credentials;
        }
        if let Some(file) = &self.ca_file {
            let pem =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            body["certificate"] = json!({"authority": pem});
        }
        Ok(body)
    }

    fn credentials(&self) -> anyhow::Result<Option<Value>> {
        if let Some(secret) = &self.pull_secret {
            return Ok(Some(json!({"kind": "secret", "secretName": secret})));
        }
        if self.bearer_token_stdin {
            return Ok(Some(json!({"kind": "bearer", "token": secret_from_stdin("token")?})));
        }
        let Some(username) = &self.username else { return Ok(None) };
        let password = match std::env::var("PILOTHOUSE_REGISTRY_PASSWORD") {
            Ok(password) if !self.password_stdin => password,
            _ => secret_from_stdin("password")?,
        };
        Ok(Some(json!({"kind": "basic", "username": username, "password": password})))
    }
}

/// Reads one line; secrets never stand in arguments, which other users of the machine see.
fn secret_from_stdin(what: &str) -> anyhow::Result<String> {
    const LONGEST: u64 = 64 * 1024;
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read the {what} from standard input"))?;
    let secret = text.trim_end_matches(['\n', '\r']);
    anyhow::ensure!(!secret.is_empty(), "no {what} on standard input");
    Ok(secret.to_owned())
}

/// Runs `pilothouse repo`.
///
/// # Errors
/// What the server refused, or why it was not reached.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    block_on(async {
        let api = args.client.api()?;
        let client = &args.client;
        match &args.command {
            Command::Add(add) => self::add(client, &api, add).await,
            Command::List { all_namespaces } => list(client, &api, *all_namespaces).await,
            Command::Show { name } => show(client, &api, name).await,
            Command::Update(update) => self::update(client, &api, update).await,
            Command::Rename { name, new_name } => {
                let path = format!("{}/rename", client.path("repositories", Some(name)));
                api.post(&path, &json!({"newName": new_name})).await?;
                output::note(format!("repository {name} is now {new_name}"));
                Ok(())
            }
            Command::Sync { name, wait } => sync(client, &api, name, wait).await,
            Command::Delete { name, yes } => delete(client, &api, name, *yes).await,
        }?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn add(client: &ClientArgs, api: &Api, add: &Add) -> anyhow::Result<()> {
    let mut body = add.settings.body()?;
    body["name"] = json!(add.name);
    body["url"] = json!(add.url);
    let mut answer = api.post(&client.path("repositories", None), &body).await?;
    if add.wait.wait {
        answer = wait_for(api, &client.path("repositories", Some(&add.name)), &add.wait, synced).await?;
    }
    client.print(&answer, |answer| output::note(format!("repository {} {}", add.name, found(answer))))
}

async fn update(client: &ClientArgs, api: &Api, update: &Update) -> anyhow::Result<()> {
    let mut body = update.settings.body()?;
    if let Some(url) = &update.url {
        body["url"] = json!(url);
    }
    let answer = api.patch(&client.path("repositories", Some(&update.name)), &body).await?;
    if update.wait.wait {
        return sync(client, api, &update.name, &update.wait).await;
    }
    client.print(&answer, |answer| output::note(format!("repository {} {}", update.name, found(answer))))
}

/// Ready, or failed: a person who waits for a repository wants to know at once what is wrong with it.
fn synced(repository: &Value) -> Seen {
    let status = &repository["status"];
    match ready(repository) {
        Seen::Going(why) if status["ready"] == "False" && text(status, "reason") != "Progressing" => {
            Seen::Failed(why)
        }
        seen => seen,
    }
}

/// What a sync found, in words.
fn found(repository: &Value) -> String {
    let catalog = &repository["catalog"];
    if catalog.is_null() {
        return "is registered, its sync goes on".to_owned();
    }
    let complete = if catalog["complete"] == false { ", the list is not complete" } else { "" };
    // An empty or partial list says why.
    let partial = catalog["charts"] == 0 || catalog["complete"] == false;
    let detail = if partial { text(catalog, "detail") } else { String::new() };
    let why = if detail.is_empty() { detail } else { format!(": {detail}") };
    format!(
        "is synced: {} charts, {} versions{complete}{why}",
        text(catalog, "charts"),
        text(catalog, "versions")
    )
}

async fn list(client: &ClientArgs, api: &Api, all: bool) -> anyhow::Result<()> {
    let path = client.list_path("repositories", all);
    let items = all_pages(api, &path).await?;
    client.print(&json!({"items": items}), |_| {
        let rows: Vec<_> = items.iter().map(|item| row(item, all)).collect();
        let mut headings = vec!["NAME", "TYPE", "URL", "READY", "CHARTS", "VERSIONS", "SYNCED", "MESSAGE"];
        if all {
            headings.insert(0, "NAMESPACE");
        }
        output::table(&headings, &rows);
    })
}

fn row(item: &Value, all: bool) -> Vec<String> {
    let catalog = &item["catalog"];
    let mut row = vec![
        text(item, "name"),
        text(item, "type"),
        text(item, "url"),
        if item["suspended"] == true { "Suspended".to_owned() } else { text(&item["status"], "ready") },
        text(catalog, "charts"),
        text(catalog, "versions"),
        ago(&catalog["lastCheckedAt"]),
        brief(&text(&item["status"], "message")),
    ];
    if all {
        row.insert(0, text(item, "namespace"));
    }
    row
}

async fn show(client: &ClientArgs, api: &Api, name: &str) -> anyhow::Result<()> {
    let repository = api.get(&client.path("repositories", Some(name))).await?;
    let dependents = api.get(&format!("{}/dependents", client.path("repositories", Some(name)))).await;
    client.print(&repository, |repository| {
        let catalog = &repository["catalog"];
        let status = &repository["status"];
        let field = |name: &str, value: String| {
            if !value.is_empty() {
                output::line(format!("{name:<13} {value}"));
            }
        };
        field("Name", text(repository, "name"));
        field("Namespace", text(repository, "namespace"));
        field("Type", text(repository, "type"));
        field("URL", text(repository, "url"));
        field("Interval", text(repository, "interval"));
        field("Credentials", text(&repository["credentials"], "secretName"));
        field("Ready", format!("{} {}", text(status, "ready"), text(status, "reason")));
        field("Message", text(status, "message"));
        if !catalog.is_null() {
            field(
                "Charts",
                format!("{} with {} versions", text(catalog, "charts"), text(catalog, "versions")),
            );
            let complete = if catalog["complete"] == true { "complete" } else { "not complete" };
            if catalog["method"].as_str().is_some_and(|method| !method.is_empty()) {
                field(
                    "Listed by",
                    format!("{} ({complete}) {}", text(catalog, "method"), text(catalog, "detail")),
                );
            }
            field("Checked", format!("{} ago", ago(&catalog["lastCheckedAt"])));
            if catalog["lastChangedAt"].is_string() {
                field("Changed", format!("{} ago", ago(&catalog["lastChangedAt"])));
            }
            field("Next sync", text(catalog, "nextSyncAt"));
        }
        if let Ok(dependents) = dependents {
            field("Releases", names(&dependents));
        }
    })
}

/// The names of dependent releases.
fn names(dependents: &Value) -> String {
    let names: Vec<_> = dependents["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| format!("{}/{}", text(item, "namespace"), text(item, "name")))
        .collect();
    names.join(", ")
}

async fn sync(client: &ClientArgs, api: &Api, name: &str, wait: &WaitArgs) -> anyhow::Result<()> {
    let path = client.path("repositories", Some(name));
    let asked = api.post(&format!("{path}/sync"), &json!({})).await?;
    let mut repository = api.get(&path).await?;
    if wait.wait {
        let token = text(&asked, "requestedAt");
        repository = wait_for(api, &path, wait, |seen| {
            let handled = seen["lastHandledReconcileAt"] == token.as_str() || token.is_empty();
            if handled { synced(seen) } else { Seen::Going("the sync is requested".to_owned()) }
        })
        .await?;
    }
    client.print(&repository, |repository| {
        let outcome = if wait.wait { found(repository) } else { "will be synced now".to_owned() };
        output::note(format!("repository {name} {outcome}"));
    })
}

async fn delete(client: &ClientArgs, api: &Api, name: &str, yes: bool) -> anyhow::Result<()> {
    let path = client.path("repositories", Some(name));
    if !yes {
        let dependents = api.get(&format!("{path}/dependents")).await?;
        let names = names(&dependents);
        anyhow::ensure!(
            names.is_empty(),
            "releases use the repository {name}: {names}. They would stay deployed and stop reconciling; delete it \
             all the same with --yes"
        );
    }
    api.delete(&format!("{path}?confirm={}", escape(name))).await?;
    output::note(format!("repository {name} is deleted"));
    Ok(())
}
