//! Who is signed in and what they may do.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::{
    authorization::v1::{
        ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec, SelfSubjectRulesReview,
        SelfSubjectRulesReviewSpec,
    },
    core::v1::Namespace,
};
use kube::{Api, Client, ResourceExt, api::ListParams, api::PostParams};
use serde::Serialize;
use utoipa::ToSchema;

use super::objects::list_map;
use crate::{Caller, problem::Problem};

/// Who is signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// User name, as the cluster knows it.
    pub user: String,
    /// Groups of the user.
    pub groups: Vec<String>,
    /// When the session ends; absent for a request with a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub session_ends_at: Option<jiff::Timestamp>,
}

/// What the caller may do in a namespace.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Permissions {
    /// The namespace; absent: the whole cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Allowed verbs by resource (`helmrepositories`, `ocirepositories`, `helmcharts`, `helmreleases`, `secrets`,
    /// `configmaps`, `events`, `pods`, `deployments`, `namespaces`).
    pub allowed: BTreeMap<String, Vec<String>>,
    /// Whether the cluster could tell all; else every pair was asked for by itself.
    pub complete: bool,
}

/// Resources and verbs the portal offers actions for.
const ASKED: [(&str, &str, &[&str]); 10] = [
    ("source.toolkit.fluxcd.io", "helmrepositories", VERBS),
    ("source.toolkit.fluxcd.io", "ocirepositories", VERBS),
    ("source.toolkit.fluxcd.io", "helmcharts", VERBS),
    ("helm.toolkit.fluxcd.io", "helmreleases", VERBS),
    ("", "secrets", VERBS),
    ("", "configmaps", VERBS),
    ("", "events", &["list", "watch"]),
    ("", "pods", &["get", "list", "watch"]),
    ("apps", "deployments", &["get", "list", "watch", "patch"]),
    ("", "namespaces", &["get", "list", "watch", "create"]),
];
const VERBS: &[&str] = &["get", "list", "watch", "create", "update", "patch", "delete"];

/// What the caller may do in that namespace (`None`: in the whole cluster).
pub async fn permissions(caller: &Caller, namespace: Option<&str>) -> Result<Permissions, Problem> {
    if let Some(namespace) = namespace
        && let Some(allowed) = by_rules(&caller.client, namespace).await?
    {
        return Ok(Permissions { namespace: Some(namespace.to_owned()), allowed, complete: true });
    }
    let allowed = one_by_one(&caller.client, namespace).await?;
    Ok(Permissions { namespace: namespace.map(str::to_owned), allowed, complete: false })
}

/// From one `SelfSubjectRulesReview`; `None` where the cluster says that its answer is not the whole truth.
async fn by_rules(
    client: &Client,
    namespace: &str,
) -> Result<Option<BTreeMap<String, Vec<String>>>, Problem> {
    let api: Api<SelfSubjectRulesReview> = Api::all(client.clone());
    let review = SelfSubjectRulesReview {
        spec: SelfSubjectRulesReviewSpec { namespace: Some(namespace.to_owned()) },
        ..Default::default()
    };
    let status = match api.create(&PostParams::default(), &review).await {
        Ok(review) => review.status,
        Err(kube::Error::Api(status)) if matches!(status.code, 403..=405) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(status) = status.filter(|status| !status.incomplete) else { return Ok(None) };
    let has = |list: Option<&Vec<String>>, item: &str| {
        list.is_some_and(|list| list.iter().any(|entry| entry == "*" || entry == item))
    };
    let mut allowed = BTreeMap::new();
    for (group, resource, verbs) in ASKED {
        let verbs: Vec<String> = verbs
            .iter()
            .filter(|verb| {
                status.resource_rules.iter().any(|rule| {
                    rule.resource_names.as_ref().is_none_or(Vec::is_empty)
                        && has(rule.api_groups.as_ref(), group)
                        && has(rule.resources.as_ref(), resource)
                        && rule.verbs.iter().any(|entry| entry == "*" || entry == *verb)
                })
            })
            .map(|verb| (*verb).to_owned())
            .collect();
        allowed.insert(resource.to_owned(), verbs);
    }
    Ok(Some(allowed))
}

async fn one_by_one(
    client: &Client,
    namespace: Option<&str>,
) -> Result<BTreeMap<String, Vec<String>>, Problem> {
    let mut pairs = Vec::new();
    for (group, resource, verbs) in ASKED {
        pairs.extend(verbs.iter().map(|verb| (group, resource, *verb)));
    }
    let asked = pairs.into_iter().map(|(group, resource, verb)| async move {
        Ok::<_, Problem>((resource, verb, can(client, namespace, group, resource, verb).await?))
    });
    let answers: Vec<(&str, &str, bool)> =
        stream::iter(asked.collect::<Vec<_>>()).buffered(8).try_collect().await?;
    let mut allowed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (resource, verb, yes) in answers {
        let verbs = allowed.entry(resource.to_owned()).or_default();
        if yes {
            verbs.push(verb.to_owned());
        }
    }
    Ok(allowed)
}

/// Whether the caller may do that.
pub async fn can(
    client: &Client,
    namespace: Option<&str>,
    group: &str,
    resource: &str,
    verb: &str,
) -> Result<bool, Problem> {
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(group.to_owned()),
                resource: Some(resource.to_owned()),
                verb: Some(verb.to_owned()),
                namespace: namespace.map(str::to_owned),
                ..Default::default()
            }),
            ..Default::default()
        },
        ..Default::default()
    };
    let answer = api.create(&PostParams::default(), &review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

/// A namespace.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceView {
    /// Its name.
    pub name: String,
    /// `Active` or `Terminating`.
    pub phase: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// The namespaces, by name.
pub async fn namespaces(caller: &Caller) -> Result<Vec<NamespaceView>, Problem> {
    let api: Api<Namespace> = Api::all(caller.client.clone());
    let mut list = list_map(&api, ListParams::default(), |namespace| {
        Some(NamespaceView {
            name: namespace.name_any(),
            labels: namespace.labels().clone(),
            phase: namespace.status.and_then(|s| s.phase).unwrap_or_else(|| "Active".into()),
        })
    })
    .await?;
    list.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(list)
}
