//! `pilothouse release`: releases of charts.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    client::{ClientArgs, Seen, WaitArgs, ago, all_pages, block_on, brief, ready, text, wait_for},
    values::ValuesArgs,
};
use crate::{
    api::{Api, NotFound},
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
    /// Deploy a chart of a registered repository.
    Add(Add),
    /// List releases.
    #[command(visible_alias = "ls")]
    List {
        /// Of all namespaces.
        #[arg(long, short = 'A')]
        all_namespaces: bool,
    },
    /// Show a release: its state, its chart and what it deployed.
    Show { name: String },
    /// Change a release; what is not named stays.
    Update(Update),
    /// Show the revisions of a release.
    History { name: String },
    /// Compare a release with its chart, values and cluster now.
    Reconcile {
        name: String,
        /// Upgrade even where nothing changed.
        #[arg(long)]
        force: bool,
        /// Forget failed attempts.
        #[arg(long)]
        reset: bool,
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// Stop reconciling a release; what it deployed stays.
    Suspend { name: String },
    /// Reconcile a suspended release again.
    Resume {
        name: String,
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// Go back to an earlier revision.
    Rollback {
        name: String,
        /// The revision [default: the one before the newest].
        revision: Option<i64>,
        #[command(flatten)]
        wait: WaitArgs,
    },
    /// Delete a release and uninstall what it deployed.
    Delete {
        name: String,
        #[command(flatten)]
        wait: WaitArgs,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    name: String,
    /// Repository of the chart.
    #[arg(long, value_name = "NAME", requires = "chart", required_unless_present = "oci_repo")]
    repo: Option<String>,
    /// OCIRepository that is the chart, instead of a repository and a chart in it.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["repo", "chart", "version"])]
    oci_repo: Option<String>,
    /// Namespace of the repository [default: the release's].
    #[arg(long, value_name = "NAME")]
    repo_namespace: Option<String>,
    /// Name of the chart.
    #[arg(long, value_name = "NAME")]
    chart: Option<String>,
    /// Helm's name of the release [default: NAME].
    #[arg(long, value_name = "NAME")]
    release_name: Option<String>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    wait: WaitArgs,
}

#[derive(Debug, clap::Args)]
struct Update {
    name: String,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    wait: WaitArgs,
}

#[derive(Debug, clap::Args)]
struct Settings {
    /// Version of the chart, or a range such as 1.x [default: the newest stable one].
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    #[command(flatten)]
    values: ValuesArgs,
    /// How often the release is reconciled: MM:SS, or a duration.
    #[arg(long, value_name = "MM:SS")]
    interval: Option<String>,
}

/// Runs `pilothouse release`.
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
            Command::History { name } => history(client, &api, name).await,
            Command::Reconcile { name, force, reset, wait } => {
                let body = json!({"force": force, "reset": reset});
                act(client, &api, name, "reconcile", &body, wait).await
            }
            Command::Suspend { name } => {
                api.post(&action(client, name, "suspend"), &json!({})).await?;
                output::note(format!("release {name} is suspended"));
                Ok(())
            }
            Command::Resume { name, wait } => act(client, &api, name, "resume", &json!({}), wait).await,
            Command::Rollback { name, revision, wait } => rollback(client, &api, name, *revision, wait).await,
            Command::Delete { name, wait } => delete(client, &api, name, wait).await,
        }?;
        Ok(ExitCode::SUCCESS)
    })
}

fn path(client: &ClientArgs, name: &str) -> String {
    client.path("releases", Some(name))
}

fn action(client: &ClientArgs, name: &str, action: &str) -> String {
    format!("{}/{action}", path(client, name))
}

async fn add(client: &ClientArgs, api: &Api, add: &Add) -> anyhow::Result<()> {
    let mut body = json!({
        "name": add.name,
        "chart": match &add.oci_repo {
            Some(repository) => json!({"sourceKind": "OCIRepository", "sourceName": repository}),
            None => json!({"sourceKind": "HelmRepository", "sourceName": add.repo, "name": add.chart}),
        },
    });
    if let Some(namespace) = &add.repo_namespace {
        body["chart"]["sourceNamespace"] = json!(namespace);
    }
    if let Some(version) = &add.settings.version {
        body["chart"]["version"] = json!(version);
    }
    if let Some(name) = &add.release_name {
        body["releaseName"] = json!(name);
    }
    if let Some(interval) = &add.settings.interval {
        body["interval"] = json!(interval);
    }
    if let Some(values) = add.settings.values.to_json()? {
        body["values"] = values;
    }
    let release = api.post(&client.path("releases", None), &body).await?;
    finish(client, api, &add.name, release, &add.wait).await
}

async fn update(client: &ClientArgs, api: &Api, update: &Update) -> anyhow::Result<()> {
    let mut body = json!({});
    if let Some(version) = &update.settings.version {
        body["version"] = json!(version);
    }
    if let Some(interval) = &update.settings.interval {
        body["interval"] = json!(interval);
    }
    if let Some(values) = update.settings.values.to_json()? {
        body["values"] = values;
    }
    let release = api.patch(&path(client, &update.name), &body).await?;
    finish(client, api, &update.name, release, &update.wait).await
}

async fn act(
    client: &ClientArgs,
    api: &Api,
    name: &str,
    what: &str,
    body: &Value,
    wait: &WaitArgs,
) -> anyhow::Result<()> {
    let asked = api.post(&action(client, name, what), body).await?;
    let mut release = api.get(&path(client, name)).await?;
    if release["suspended"] == true {
        bail!(
            "release {name} is suspended and is not reconciled: resume it with `pilothouse release resume {name}`"
        );
    }
    // What is waited for is the handling of this request, not of an earlier one.
    release["requestedAt"] = asked["requestedAt"].clone();
    finish(client, api, name, release, wait).await
}

async fn rollback(
    client: &ClientArgs,
    api: &Api,
    name: &str,
    revision: Option<i64>,
    wait: &WaitArgs,
) -> anyhow::Result<()> {
    let body = revision.map_or_else(|| json!({}), |revision| json!({"revision": revision}));
    let mut operation = api.post(&action(client, name, "rollback"), &body).await?;
    if wait.wait && operation["result"] == "running" {
        let ended = |seen: &Value| match seen["lastOperation"]["result"].as_str() {
            Some("running") | None => Seen::Going(text(&seen["lastOperation"], "message")),
            Some(_) => Seen::Done,
        };
        let release = wait_for(api, &path(client, name), wait, ended).await?;
        operation = release["lastOperation"].clone();
    }
    if operation["result"] == "failed" {
        bail!("{}", text(&operation, "message"));
    }
    client.print(&operation, |operation| {
        output::note(format!("release {name}: {}", text(operation, "message")));
    })
}

/// Waits where asked, then says what became of the release.
async fn finish(
    client: &ClientArgs,
    api: &Api,
    name: &str,
    mut release: Value,
    wait: &WaitArgs,
) -> anyhow::Result<()> {
    if wait.wait {
        let token = text(&release, "requestedAt");
        release = wait_for(api, &path(client, name), wait, |seen| settled(seen, &token)).await?;
    }
    client.print(&release, |release| {
        let message = text(&release["status"], "message");
        let outcome =
            if wait.wait && !message.is_empty() { message } else { "will be reconciled now".to_owned() };
        output::note(format!("release {name}: {outcome}"));
    })
}

/// Ready, or failed with nothing more to come before a person acts; a requested reconcile must have been handled.
fn settled(release: &Value, token: &str) -> Seen {
    if !token.is_empty() && text(release, "lastHandledReconcileAt") != token {
        return Seen::Going("the reconcile is requested".to_owned());
    }
    match ready(release) {
        Seen::Going(why) if failed(&release["status"]) => Seen::Failed(why),
        seen => seen,
    }
}

/// Reasons that do not go away by waiting, though the controller tries again.
fn failed(status: &Value) -> bool {
    status["ready"] == "False"
        && matches!(
            text(status, "reason").as_str(),
            "InstallFailed"
                | "UpgradeFailed"
                | "RollbackFailed"
                | "UninstallFailed"
                | "TestFailed"
                | "ValuesError"
        )
}

async fn list(client: &ClientArgs, api: &Api, all: bool) -> anyhow::Result<()> {
    let path = client.list_path("releases", all);
    let items = all_pages(api, &path).await?;
    client.print(&json!({"items": items}), |_| {
        let rows: Vec<_> = items.iter().map(|item| row(item, all)).collect();
        let mut headings = vec!["NAME", "CHART", "VERSION", "REVISION", "READY", "CHANGED", "MESSAGE"];
        if all {
            headings.insert(0, "NAMESPACE");
        }
        output::table(&headings, &rows);
    })
}

fn row(item: &Value, all: bool) -> Vec<String> {
    let deployed = &item["deployed"];
    let wanted = |field: &str, deployed_field: &str| match text(deployed, deployed_field) {
        empty if empty.is_empty() => text(&item["chart"], field),
        deployed => deployed,
    };
    let mut row = vec![
        text(item, "name"),
        wanted("name", "chartName"),
        wanted("version", "chartVersion"),
        text(deployed, "revision"),
        if item["suspended"] == true { "Suspended".to_owned() } else { text(&item["status"], "ready") },
        ago(&item["status"]["since"]),
        brief(&text(&item["status"], "message")),
    ];
    if all {
        row.insert(0, text(item, "namespace"));
    }
    row
}

async fn show(client: &ClientArgs, api: &Api, name: &str) -> anyhow::Result<()> {
    let release = api.get(&path(client, name)).await?;
    let resources = api.get(&action(client, name, "resources")).await;
    client.print(&release, |release| {
        let (chart, deployed, status) = (&release["chart"], &release["deployed"], &release["status"]);
        let field = |name: &str, value: String| {
            if !value.trim().is_empty() {
                output::line(format!("{name:<13} {value}"));
            }
        };
        field("Name", text(release, "name"));
        field("Namespace", text(release, "namespace"));
        field("Helm release", text(release, "releaseName"));
        field("Source", format!("{} {}", text(chart, "sourceKind"), text(chart, "sourceName")));
        field("Chart", format!("{} {}", text(chart, "name"), text(chart, "version")));
        field("Interval", text(release, "interval"));
        field("Ready", format!("{} {}", text(status, "ready"), text(status, "reason")));
        field("Message", text(status, "message"));
        if release["suspended"] == true {
            field("Suspended", "yes: it is not reconciled until it is resumed".to_owned());
        }
        let last = &release["lastOperation"];
        field("Last action", text(last, "message"));
        if !deployed.is_null() {
            let version = text(deployed, "chartVersion");
            field("Deployed", format!("revision {} of version {version}", text(deployed, "revision")));
        }
        if let Ok(resources) = resources {
            output::line("");
            resource_table(&resources);
        }
    })
}

fn resource_table(resources: &Value) {
    let rows: Vec<_> = resources["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| {
            vec![text(item, "kind"), text(item, "name"), text(item, "health"), brief(&text(item, "reason"))]
        })
        .collect();
    output::table(&["KIND", "NAME", "HEALTH", "MESSAGE"], &rows);
}

async fn history(client: &ClientArgs, api: &Api, name: &str) -> anyhow::Result<()> {
    let answer = api.get(&action(client, name, "history")).await?;
    client.print(&answer, |answer| {
        let rows: Vec<_> = answer
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| {
                vec![
                    text(item, "revision"),
                    ago(&item["deployed"]),
                    text(item, "status"),
                    format!("{}-{}", text(item, "chartName"), text(item, "chartVersion")),
                    text(item, "appVersion"),
                    brief(&text(item, "description")),
                ]
            })
            .collect();
        output::table(&["REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION", "DESCRIPTION"], &rows);
    })
}

async fn delete(client: &ClientArgs, api: &Api, name: &str, wait: &WaitArgs) -> anyhow::Result<()> {
    api.delete(&path(client, name)).await?;
    if wait.wait {
        let gone =
            wait_for(api, &path(client, name), wait, |seen| Seen::Going(text(&seen["status"], "message")))
                .await;
        match gone {
            Err(error) if error.is::<NotFound>() => {}
            Err(error) => return Err(error).context(format!("release {name} is not gone yet")),
            Ok(_) => bail!("release {name} is still there"),
        }
    }
    output::note(format!(
        "release {name} is {}",
        if wait.wait { "uninstalled" } else { "being uninstalled" }
    ));
    Ok(())
}
