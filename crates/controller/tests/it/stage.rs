//! A cluster, a chart repository and the controllers, for tests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use flate2::{Compression, write::GzEncoder};
use http::HeaderValue;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Secret};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, ResourceExt as _};
use pilothouse_controller::{Options, run};
use pilothouse_devcluster::DevCluster;
use pilothouse_resources::{HelmRelease, condition};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// How long a test waits for something.
const PATIENCE: Duration = Duration::from_secs(40);

type Files = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// Everything a test needs. Dropped, it stops.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    files: Files,
    entries: Arc<Mutex<Vec<(String, String)>>>,
    url: String,
    data: tempfile::TempDir,
    controllers: Option<JoinHandle<()>>,
    _cluster: Option<DevCluster>,
}

/// The client of an embedded cluster, or of the one that `PILOTHOUSE_TEST_KUBECONFIG` names.
async fn connect() -> (Client, Option<DevCluster>) {
    if let Ok(path) = std::env::var("PILOTHOUSE_TEST_KUBECONFIG") {
        let kubeconfig = Kubeconfig::read_from(path).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        return (Client::try_from(config).unwrap(), None);
    }
    let cluster = DevCluster::start(pilothouse_devcluster::Options::default()).await.unwrap();
    let bearer = HeaderValue::from_str(&format!("Bearer {}", cluster.admin_token().reveal())).unwrap();
    let service = cluster.service();
    let service = tower::service_fn(move |mut request: http::Request<kube::client::Body>| {
        request.headers_mut().insert("authorization", bearer.clone());
        tower::ServiceExt::oneshot(service.clone(), request)
    });
    (Client::new(service, "default"), Some(cluster))
}

impl Stage {
    /// A fresh namespace with a repository called `charts`, and running controllers.
    pub(crate) async fn new() -> Self {
        let (client, cluster) = connect().await;
        let crds: Api<
            k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
        > = Api::all(client.clone());
        for crd in pilothouse_resources::crds::all() {
            let name = crd["metadata"]["name"].as_str().unwrap().to_owned();
            crds.patch(&name, &PatchParams::apply("test").force(), &Patch::Apply(&crd)).await.unwrap();
        }
        let namespace = format!("t-{:08x}", rand::random::<u32>());
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        let namespaces: Api<Namespace> = Api::all(client.clone());
        namespaces.patch(&namespace, &PatchParams::apply("test"), &Patch::Apply(&object)).await.unwrap();
        let files = Files::default();
        let url = serve(Arc::clone(&files)).await;
        let data = tempfile::tempdir().unwrap();
        let mut stage = Self {
            client,
            namespace,
            files,
            entries: Arc::default(),
            url,
            data,
            controllers: None,
            _cluster: cluster,
        };
        stage.add_repository().await;
        stage.until_releases_are_served().await;
        stage.start();
        stage
    }

    /// A kind is served a moment after its definition is there.
    async fn until_releases_are_served(&self) {
        let began = Instant::now();
        while let Err(error) = self.releases().list(&ListParams::default().limit(1)).await {
            assert!(began.elapsed() < PATIENCE, "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts the controllers.
    pub(crate) fn start(&mut self) {
        let mut options = Options::new(self.data.path());
        options.namespace = Some(self.namespace.clone());
        options.requeue_dependency = Duration::from_secs(2);
        let client = self.client.clone();
        self.controllers = Some(tokio::spawn(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            run(client, listener, options, std::future::pending()).await.unwrap();
        }));
    }

    /// Ends the controllers in the middle of whatever they do.
    pub(crate) async fn kill(&mut self) {
        if let Some(controllers) = self.controllers.take() {
            controllers.abort();
            let _ = controllers.await;
        }
    }

    /// Adds the repository `charts`.
    pub(crate) async fn add_repository(&self) {
        let repository = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmRepository",
            "metadata": {"name": "charts", "namespace": self.namespace},
            "spec": {"url": self.url, "interval": "1m"},
        });
        let api: Api<pilothouse_resources::HelmRepository> =
            Api::namespaced(self.client.clone(), &self.namespace);
        let (began, parameters) = (Instant::now(), PatchParams::apply("test").force());
        // The kind is served a moment after its definition is.
        while let Err(error) = api.patch("charts", &parameters, &Patch::Apply(&repository)).await {
            assert!(began.elapsed() < PATIENCE, "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Removes the repository `charts`.
    pub(crate) async fn remove_repository(&self) {
        let api: Api<pilothouse_resources::HelmRepository> =
            Api::namespaced(self.client.clone(), &self.namespace);
        api.delete("charts", &DeleteParams::default()).await.unwrap();
    }

    /// Publishes a chart.
    pub(crate) fn publish(&self, name: &str, version: &str, files: &[(&str, &str)]) {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let metadata = format!("apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: \"1.0\"\n");
        for (path, text) in [("Chart.yaml", metadata.as_str())].iter().chain(files) {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, format!("{name}/{path}"), text.as_bytes()).unwrap();
        }
        let archive = archive.into_inner().unwrap().finish().unwrap();
        let file = format!("{name}-{version}.tgz");
        self.entries.lock().unwrap().push((name.to_owned(), version.to_owned()));
        let mut entries: HashMap<String, Vec<Value>> = HashMap::new();
        for (name, version) in self.entries.lock().unwrap().iter() {
            entries.entry(name.clone()).or_default().push(json!({
                "apiVersion": "v2", "name": name, "version": version, "appVersion": "1.0",
                "urls": [format!("{name}-{version}.tgz")], "created": "2026-01-01T00:00:00Z",
            }));
        }
        let index = json!({"apiVersion": "v1", "entries": entries}).to_string();
        let mut files = self.files.lock().unwrap();
        files.insert(file, archive);
        files.insert("index.yaml".to_owned(), index.into_bytes());
    }

    pub(crate) fn releases(&self) -> Api<HelmRelease> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Creates or changes a HelmRelease.
    pub(crate) async fn release(&self, name: &str, chart: &str, version: &str, spec: Value) {
        let mut full = json!({
            "interval": "10m", "timeout": "20s",
            "chart": {"spec": {"chart": chart, "version": version, "sourceRef": {"kind": "HelmRepository", "name": "charts"}}},
        });
        full.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        let release = json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"name": name, "namespace": self.namespace}, "spec": full,
        });
        self.releases()
            .patch(name, &PatchParams::apply("test").force(), &Patch::Apply(&release))
            .await
            .unwrap();
    }

    /// Annotates a HelmRelease.
    pub(crate) async fn annotate(&self, name: &str, annotations: Value) {
        let patch = json!({"metadata": {"annotations": annotations}});
        self.releases().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    /// Waits until a HelmRelease is as asked for.
    pub(crate) async fn until(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&HelmRelease) -> bool,
    ) -> HelmRelease {
        let began = Instant::now();
        loop {
            let release = self.releases().get_opt(name).await.unwrap();
            if let Some(release) = release.as_ref().filter(|release| wanted(release)) {
                return release.clone();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{name} did not become {what}: {}",
                serde_json::to_string_pretty(&release.and_then(|release| release.status)).unwrap()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until `Ready` has a reason, for the newest generation.
    pub(crate) async fn until_ready(&self, name: &str, reason: &str) -> HelmRelease {
        self.until(name, reason, |release| {
            let status = release.status.as_ref();
            status.is_some_and(|status| {
                let ready = condition::find(&status.conditions, condition::READY);
                ready.is_some_and(|ready| {
                    ready.reason == reason && ready.observed_generation == release.metadata.generation
                })
            })
        })
        .await
    }

    /// Waits until a HelmRelease has a condition of that type and is done with its generation.
    pub(crate) async fn until_stalled(&self, name: &str) -> HelmRelease {
        self.until(name, "stalled", |release| {
            release
                .status
                .as_ref()
                .is_some_and(|status| condition::is_true(&status.conditions, condition::STALLED))
        })
        .await
    }

    /// Data of a ConfigMap; `None` if it does not exist.
    pub(crate) async fn config_map(&self, name: &str) -> Option<std::collections::BTreeMap<String, String>> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), &self.namespace);
        api.get_opt(name).await.unwrap().map(|map| map.data.unwrap_or_default())
    }

    /// `version=status` of the release Secrets, the oldest first.
    pub(crate) async fn stored(&self, name: &str) -> Vec<String> {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), &self.namespace);
        let list = api.list(&ListParams::default().labels(&format!("owner=helm,name={name}"))).await.unwrap();
        let mut revisions: Vec<(u32, String)> = list
            .items
            .iter()
            .map(|secret| (secret.labels()["version"].parse().unwrap(), secret.labels()["status"].clone()))
            .collect();
        revisions.sort_unstable();
        revisions.into_iter().map(|(version, status)| format!("{version}={status}")).collect()
    }

    /// `type reason` of the events of a HelmRelease, the oldest first.
    pub(crate) async fn events(&self, name: &str) -> Vec<String> {
        // Events are written in the background.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let api: Api<Event> = Api::namespaced(self.client.clone(), &self.namespace);
        let mut events = api.list(&ListParams::default()).await.unwrap().items;
        events.retain(|event| {
            event.involved_object.name.as_deref() == Some(name)
                && event.involved_object.kind.as_deref() == Some("HelmRelease")
        });
        events.sort_by_key(|event| event.resource_version().and_then(|version| version.parse::<u64>().ok()));
        events
            .iter()
            .map(|event| format!("{} {}", event.type_.as_deref().unwrap(), event.reason.as_deref().unwrap()))
            .collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(controllers) = self.controllers.take() {
            controllers.abort();
        }
    }
}

async fn serve(files: Files) -> String {
    let router = Router::new().route(
        "/{file}",
        get(move |Path(file): Path<String>| {
            let content = files.lock().unwrap().get(&file).cloned();
            async move { content.ok_or(StatusCode::NOT_FOUND) }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// `type=status/reason` of a condition.
pub(crate) fn state(release: &HelmRelease, type_: &str) -> String {
    let conditions = release.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    condition::find(conditions, type_)
        .map_or_else(|| "none".to_owned(), |c| format!("{}/{}", c.status, c.reason))
}

/// Message of a condition.
pub(crate) fn message(release: &HelmRelease, type_: &str) -> String {
    let conditions = release.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    condition::find(conditions, type_).map(|condition| condition.message.clone()).unwrap_or_default()
}

/// `version:status:action` of the history, the newest first.
pub(crate) fn history(release: &HelmRelease) -> Vec<String> {
    let history = release.status.as_ref().map(|status| status.history.as_slice()).unwrap_or_default();
    history
        .iter()
        .map(|s| format!("{}:{}:{}", s.version, s.status, s.action.as_deref().unwrap_or_default()))
        .collect()
}
