//! The clients against Debian's `docker-registry` (distribution), open, with htpasswd and with a token server.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use pilothouse_registry::push::Upload;
use pilothouse_registry::sync::{Options, State, sync};
use pilothouse_registry::{Access, Credentials, OciClient, Pool};
use tokio::process::{Child, Command};

use crate::test_registry::chart;
use crate::token_server::TokenServer;

/// htpasswd entry of user `u`, password `p` (bcrypt, cost 4).
const HTPASSWD: &str = "u:$2y$04$hZT2DjkEfZwFU3D4cKL09etZvWRHAtNRI9EAi5BdTQ.JROMOEzRxW";
const PROGRAM: &str = "/usr/bin/docker-registry";

struct Registry {
    host: String,
    _process: Child,
    _folder: tempfile::TempDir,
}

/// Starts the registry with `auth` as its `auth` section; `None`, loudly, where it is not installed.
async fn start(auth: impl FnOnce(&std::path::Path) -> String) -> Option<Registry> {
    if !std::path::Path::new(PROGRAM).exists() {
        assert!(std::env::var("CI").is_err(), "{PROGRAM} is not installed: apt-get install docker-registry");
        eprintln!("SKIPPED: {PROGRAM} is not installed (apt-get install docker-registry)");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = format!("127.0.0.1:{port}");
    let config = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {0}/data}}, delete: {{enabled: true}}}}\n\
         http: {{addr: '{host}'}}\n{1}\n",
        folder.path().display(),
        auth(folder.path())
    );
    let file = folder.path().join("config.yml");
    std::fs::write(&file, config).unwrap();
    let process = Command::new(PROGRAM)
        .arg("serve")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(&host).await.is_ok() {
            return Some(Registry { host, _process: process, _folder: folder });
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{PROGRAM} did not start");
}

fn client(pool: &Pool, registry: &Registry, path: &str, credentials: Credentials) -> OciClient {
    let url = format!("oci://{}/{path}", registry.host).parse().unwrap();
    pool.oci(url, Access::default().with_credentials(credentials).plain_http()).unwrap()
}

async fn push_pull_and_sync(registry: &Registry, credentials: Credentials) {
    let pool = Pool::default();
    let client = |path: &str| client(&pool, registry, path, credentials.clone());
    for version in ["1.0.0", "1.0.0+b.5", "1.10.0", "1.9.0-rc.1"] {
        let upload = Upload::from_archive(chart("app", version, "")).unwrap();
        client("deep/er/charts").push_chart(&upload).await.unwrap();
    }
    let pulled = client("deep/er/charts/app").pull_chart("1.0.0_b.5").await.unwrap();
    assert_eq!(pulled.archive, chart("app", "1.0.0+b.5", ""));
    let synced = sync(&client("deep/er/charts"), State::default(), &Options::default()).await.unwrap();
    let versions: Vec<&str> = synced.catalog.entries["app"].iter().map(|v| v.version.as_str()).collect();
    assert_eq!(versions, ["1.10.0", "1.9.0-rc.1", "1.0.0+b.5", "1.0.0"]);
    assert!(synced.complete);
    let again = sync(&client("deep/er/charts"), synced.state, &Options::default()).await.unwrap();
    assert_eq!(again.catalog, synced.catalog);
    assert!(client("deep/er/charts/none").tags().await.unwrap_err().is_not_found());
    let digest = client("deep/er/charts/app").resolve("1.0.0").await.unwrap().digest;
    assert_eq!(client("deep/er/charts/app").referrers(&digest, None).await.unwrap(), []);
}

#[tokio::test]
async fn an_open_registry_works() {
    let Some(registry) = start(|_| String::new()).await else { return };
    push_pull_and_sync(&registry, Credentials::Anonymous).await;
}

#[tokio::test]
async fn a_registry_with_htpasswd_works_with_the_right_password_only() {
    let section = |folder: &std::path::Path| {
        let file = folder.join("htpasswd");
        std::fs::write(&file, HTPASSWD).unwrap();
        format!("auth: {{htpasswd: {{realm: test, path: '{}'}}}}", file.display())
    };
    let Some(registry) = start(section).await else { return };
    push_pull_and_sync(&registry, Credentials::basic("u", "p")).await;
    let wrong = client(&Pool::default(), &registry, "deep/er/charts/app", Credentials::basic("u", "s3cret"));
    let error = wrong.tags().await.unwrap_err();
    assert!(error.is_authentication() && !error.to_string().contains("s3cret"), "{error}");
    let nobody = client(&Pool::default(), &registry, "deep/er/charts/app", Credentials::Anonymous);
    assert!(nobody.tags().await.unwrap_err().to_string().ends_with("basic credential not found"));
}

#[tokio::test]
async fn a_registry_with_a_token_server_works_and_few_tokens_are_fetched() {
    let server = TokenServer::start("u", "p").await;
    let section = |folder: &std::path::Path| server.registry_section(folder);
    let Some(registry) = start(section).await else { return };
    push_pull_and_sync(&registry, Credentials::basic("u", "p")).await;
    let issued = server.issued();
    assert!((1..=12).contains(&issued), "{issued} tokens for four pushes, a pull and two syncs");
    let wrong = client(&Pool::default(), &registry, "deep/er/charts/app", Credentials::basic("u", "s3cret"));
    assert!(wrong.tags().await.unwrap_err().is_authentication());
}
