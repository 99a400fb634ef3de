//! Services as their users call them: the workloads that releases made. Read-only.

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    core::v1::PodSpec,
};
use kube::{api::ListParams, core::ObjectMeta};
use pilothouse_resources::meta;
use serde::Serialize;
use utoipa::ToSchema;

use super::objects::{api, list_scoped};
use crate::{
    Caller,
    page::{Listed, SortKey},
    problem::Problem,
};

/// A workload that a release made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// `Deployment`, `StatefulSet` or `DaemonSet`.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Images of its containers, init containers left out.
    pub images: Vec<String>,
    /// Replicas wanted.
    pub replicas: i32,
    /// Replicas that are ready.
    pub ready: i32,
    /// Replicas that run the newest template.
    pub updated: i32,
    /// `Running`, `Progressing` or `Stopped` (no replica wanted).
    pub state: String,
    /// Helm's name of the release that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helm_release: Option<String>,
    /// The HelmRelease that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseLink>,
    /// Application it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<jiff::Timestamp>,
}

/// A HelmRelease, by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseLink {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

struct Counts {
    replicas: i32,
    ready: i32,
    updated: i32,
    observed: bool,
}

impl Workload {
    fn of(kind: &str, metadata: &ObjectMeta, pods: Option<&PodSpec>, counts: &Counts) -> Self {
        let labels = metadata.labels.clone().unwrap_or_default();
        let annotations = metadata.annotations.clone().unwrap_or_default();
        let release = labels.get(meta::ORIGIN_NAME).zip(labels.get(meta::ORIGIN_NAMESPACE));
        let settled = counts.observed && counts.ready >= counts.replicas && counts.updated >= counts.replicas;
        Self {
            kind: kind.to_owned(),
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
            images: pods
                .map(|pods| pods.containers.iter().filter_map(|container| container.image.clone()).collect())
                .unwrap_or_default(),
            replicas: counts.replicas,
            ready: counts.ready,
            updated: counts.updated,
            state: match (counts.replicas, settled) {
                (0, _) => "Stopped",
                (_, true) => "Running",
                _ => "Progressing",
            }
            .to_owned(),
            helm_release: annotations.get("meta.helm.sh/release-name").cloned(),
            release: release
                .map(|(name, namespace)| ReleaseLink { namespace: namespace.clone(), name: name.clone() }),
            app: labels.get(super::releases::APP_LABEL).cloned(),
            created_at: metadata.creation_timestamp.as_ref().map(|time| time.0),
        }
    }

    /// The view of a Deployment.
    pub fn of_deployment(object: &Deployment) -> Self {
        let status = object.status.clone().unwrap_or_default();
        Self::of(
            "Deployment",
            &object.metadata,
            object.spec.template.spec.as_ref(),
            &Counts {
                replicas: object.spec.replicas.unwrap_or(1),
                ready: status.ready_replicas.unwrap_or_default(),
                updated: status.updated_replicas.unwrap_or_default(),
                observed: status.observed_generation >= object.metadata.generation,
            },
        )
    }

    /// The view of a `StatefulSet`.
    pub fn of_stateful_set(object: &StatefulSet) -> Self {
        let status = object.status.clone().unwrap_or_default();
        let updated = status.updated_replicas.or(status.ready_replicas).unwrap_or_default();
        Self::of(
            "StatefulSet",
            &object.metadata,
            object.spec.template.spec.as_ref(),
            &Counts {
                replicas: object.spec.replicas.unwrap_or(1),
                ready: status.ready_replicas.unwrap_or_default(),
                updated,
                observed: status.observed_generation >= object.metadata.generation,
            },
        )
    }

    /// The view of a `DaemonSet`.
    pub fn of_daemon_set(object: &DaemonSet) -> Self {
        let status = object.status.clone().unwrap_or_default();
        Self::of(
            "DaemonSet",
            &object.metadata,
            object.spec.template.spec.as_ref(),
            &Counts {
                replicas: status.desired_number_scheduled,
                ready: status.number_ready,
                updated: status.updated_number_scheduled.unwrap_or_default(),
                observed: status.observed_generation >= object.metadata.generation,
            },
        )
    }
}

impl Listed for Workload {
    const SORTS: &'static [&'static str] =
        &["name", "namespace", "kind", "replicas", "state", "app", "createdAt"];

    fn texts<'a>(&'a self, texts: &mut Vec<&'a str>) {
        texts.extend([self.name.as_str(), &self.namespace, &self.kind, &self.state]);
        texts.extend(self.images.iter().map(String::as_str));
        texts.extend(self.app.as_deref());
        texts.extend(self.release.as_ref().map(|release| release.name.as_str()));
    }

    fn sort_key(&self, field: &str) -> SortKey {
        match field {
            "namespace" => SortKey::text(&self.namespace),
            "kind" => SortKey::text(&self.kind),
            "state" => SortKey::text(&self.state),
            "replicas" => SortKey::number(Some(i64::from(self.replicas))),
            "app" => self.app.as_ref().map_or(SortKey::Missing, |app| SortKey::text(app)),
            "createdAt" => SortKey::number(self.created_at.map(jiff::Timestamp::as_second)),
            _ => SortKey::text(&self.name),
        }
    }

    fn state(&self) -> &str {
        &self.state
    }

    fn app(&self) -> Option<&str> {
        Some(self.app.as_deref().unwrap_or_default())
    }
}

/// The workloads that releases made, of a namespace or of all. Kinds that the caller may not list are left out,
/// unless that is all of them.
pub async fn list(caller: &Caller, namespace: Option<&str>) -> Result<Vec<Workload>, Problem> {
    let params = ListParams::default().labels("app.kubernetes.io/managed-by=Helm");
    let client = &caller.client;
    let (a, b, c) = tokio::join!(
        list_scoped(client, namespace, &params, |object: Deployment| Some(Workload::of_deployment(&object))),
        list_scoped(client, namespace, &params, |object: StatefulSet| Some(Workload::of_stateful_set(
            &object
        ))),
        list_scoped(client, namespace, &params, |object: DaemonSet| Some(Workload::of_daemon_set(&object))),
    );
    let mut all = Vec::new();
    let mut refused = None;
    let mut answered = false;
    for listed in [a, b, c] {
        match listed {
            Ok(workloads) => {
                answered = true;
                all.extend(workloads);
            }
            Err(problem) if problem.is_forbidden() => refused = Some(problem),
            Err(problem) => return Err(problem),
        }
    }
    match refused {
        Some(problem) if !answered => Err(problem),
        _ => Ok(all),
    }
}

/// One workload.
pub async fn get(caller: &Caller, namespace: &str, kind: &str, name: &str) -> Result<Workload, Problem> {
    let client = &caller.client;
    let workload = match kind {
        "Deployment" => Workload::of_deployment(&api::<Deployment>(client, Some(namespace)).get(name).await?),
        "StatefulSet" => {
            Workload::of_stateful_set(&api::<StatefulSet>(client, Some(namespace)).get(name).await?)
        }
        "DaemonSet" => Workload::of_daemon_set(&api::<DaemonSet>(client, Some(namespace)).get(name).await?),
        other => {
            return Err(Problem::field(
                "kind",
                format!("`{other}` is none of Deployment, StatefulSet, DaemonSet"),
            ));
        }
    };
    Ok(workload)
}
