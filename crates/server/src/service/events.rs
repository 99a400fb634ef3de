//! Events of an object, as the cluster recorded them.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use kube::{Api, api::ListParams};
use serde::Serialize;
use utoipa::ToSchema;

use super::objects::list_map;
use crate::{Caller, problem::Problem};

/// One event.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub type_: String,
    /// A word for programs, for example `InstallSucceeded`.
    pub reason: String,
    /// What happened.
    pub message: String,
    /// How often.
    pub count: i32,
    /// When it happened first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub first_seen: Option<Timestamp>,
    /// When it happened last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
    /// Who reported it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Kind of the object it is about.
    pub kind: String,
    /// Name of the object it is about.
    pub name: String,
    /// Namespace of the object it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

impl EventView {
    fn of(event: Event) -> Self {
        let micro = event.event_time.as_ref().map(|time| time.0);
        let series = event.series.as_ref();
        Self {
            type_: event.type_.unwrap_or_else(|| "Normal".into()),
            reason: event.reason.unwrap_or_default(),
            message: event.message.unwrap_or_default(),
            count: series.and_then(|s| s.count).or(event.count).unwrap_or(1),
            first_seen: event.first_timestamp.as_ref().map(|time| time.0).or(micro),
            last_seen: series
                .and_then(|s| s.last_observed_time.as_ref().map(|time| time.0))
                .or(event.last_timestamp.as_ref().map(|time| time.0))
                .or(micro),
            source: event
                .reporting_component
                .filter(|name| !name.is_empty())
                .or(event.source.and_then(|s| s.component)),
            kind: event.involved_object.kind.unwrap_or_default(),
            name: event.involved_object.name.unwrap_or_default(),
            namespace: event.involved_object.namespace,
        }
    }
}

/// Events of one object, newest first.
pub async fn of_object(
    caller: &Caller,
    namespace: &str,
    kind: &str,
    name: &str,
) -> Result<Vec<EventView>, Problem> {
    let fields = format!("involvedObject.kind={kind},involvedObject.name={name}");
    listed(caller, Some(namespace), ListParams::default().fields(&fields)).await
}

/// Events of a namespace, newest first.
pub async fn of_namespace(caller: &Caller, namespace: Option<&str>) -> Result<Vec<EventView>, Problem> {
    listed(caller, namespace, ListParams::default()).await
}

async fn listed(
    caller: &Caller,
    namespace: Option<&str>,
    params: ListParams,
) -> Result<Vec<EventView>, Problem> {
    let api: Api<Event> = super::objects::api(&caller.client, namespace);
    let mut events = list_map(&api, params, |event| Some(EventView::of(event))).await?;
    events.sort_by_key(|event| std::cmp::Reverse(event.last_seen));
    Ok(events)
}
