//! The cluster a release goes to: its kinds, and requests on objects of any kind.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use k8s_openapi::api::core::v1::Event;
use kube::{
    Api, Client, Resource,
    api::{
        ApiResource, DeleteParams, DynamicObject, GetParams, ListParams, Patch, PatchParams, PostParams,
        PropagationPolicy, Request, ValidationDirective,
    },
    discovery::{Discovery, Scope},
};
use pilothouse_chart::{Capabilities, KubeVersion, Lookup};
use pilothouse_resources::{DeletionPropagation, meta::HELM_FIELD_MANAGER};
use serde_json::{Map, Value};
use tokio::sync::RwLock;

use crate::{
    api_error,
    object::{Object, ObjectId, aggregate},
};

/// Events of one object that are read.
const MAX_EVENTS: u32 = 100;
/// How long the list of kinds is trusted when charts are rendered.
const KINDS_TRUSTED: Duration = Duration::from_secs(60);
/// A kind that is not found makes the list be read again, at most this often.
const KINDS_RETRY: Duration = Duration::from_secs(1);
/// Most objects that `lookup` lists.
const MAX_LOOKUP: u32 = 5000;

/// Why the cluster could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kinds could not be listed.
    #[error("cannot discover the kinds of the cluster: {}", api_error::text(.0))]
    Discover(#[source] Box<kube::Error>),
    /// The cluster does not know a kind.
    #[error(
        "resource mapping not found for name: \"{name}\" namespace: \"{namespace}\" from \"\": no matches for kind \
         \"{kind}\" in version \"{api_version}\"\nensure CRDs are installed first"
    )]
    NoKind {
        /// The object's API version.
        api_version: String,
        /// The object's kind.
        kind: String,
        /// The object's name.
        name: String,
        /// The object's namespace, where it names one.
        namespace: String,
    },
    /// The cluster does not know one or more kinds.
    #[error("{}", aggregate(.0.iter().map(ToString::to_string)))]
    NoKinds(Vec<Self>),
    /// A request on an object failed.
    #[error("cannot {verb} {id}: {}", api_error::text(.source))]
    Request {
        /// What was tried.
        verb: &'static str,
        /// On which object.
        id: ObjectId,
        /// The API's answer.
        source: Box<kube::Error>,
    },
}

impl Error {
    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Discover(source) | Self::Request { source, .. } => api_error::is_transient(source),
            Self::NoKind { .. } | Self::NoKinds(_) => false,
        }
    }
}

/// An object and where the API keeps objects of its kind.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The object; its namespace is set exactly when its kind is namespaced.
    pub object: Object,
    /// Its resource.
    pub resource: ApiResource,
}

impl Placed {
    fn request(&self) -> Request {
        let namespace = Some(self.object.namespace()).filter(|namespace| !namespace.is_empty());
        Request::new(DynamicObject::url_path(&self.resource, namespace))
    }
}

#[derive(Debug)]
struct Kinds {
    resources: HashMap<(String, String), (ApiResource, Scope)>,
    capabilities: Capabilities,
    read: Instant,
}

/// How an object is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apply {
    /// For good.
    Now,
    /// Only to see what would come of it.
    DryRun,
}

/// A cluster, and what is known of its kinds. Cheap to clone; clones share what they know.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    kinds: Arc<RwLock<Option<Arc<Kinds>>>>,
}

impl Cluster {
    /// The cluster that `client` talks to.
    pub fn new(client: Client) -> Self {
        Self { client, kinds: Arc::default() }
    }

    /// The same cluster with the rights of another client: the kinds are shared.
    #[must_use]
    pub fn with_client(&self, client: Client) -> Self {
        Self { client, kinds: Arc::clone(&self.kinds) }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn kinds(&self, trusted: Duration) -> Result<Arc<Kinds>, Error> {
        if let Some(kinds) = self.kinds.read().await.as_ref().filter(|kinds| kinds.read.elapsed() < trusted) {
            return Ok(Arc::clone(kinds));
        }
        let mut slot = self.kinds.write().await;
        if let Some(kinds) = slot.as_ref().filter(|kinds| kinds.read.elapsed() < trusted) {
            return Ok(Arc::clone(kinds));
        }
        let kinds =
            Arc::new(discover(&self.client).await.map_err(|source| Error::Discover(Box::new(source)))?);
        *slot = Some(Arc::clone(&kinds));
        Ok(kinds)
    }

    /// Forgets the kinds, after CRDs were applied.
    pub async fn forget_kinds(&self) {
        *self.kinds.write().await = None;
    }

    /// What templates see as `.Capabilities`; at most a minute old.
    ///
    /// # Errors
    /// [`Error::Discover`].
    pub async fn capabilities(&self) -> Result<Capabilities, Error> {
        Ok(self.kinds(KINDS_TRUSTED).await?.capabilities.clone())
    }

    async fn resource(&self, object: &Object) -> Result<(ApiResource, Scope), Error> {
        let key = (object.api_version().to_owned(), object.kind().to_owned());
        for trusted in [Duration::MAX, KINDS_RETRY] {
            if let Some(found) = self.kinds(trusted).await?.resources.get(&key) {
                return Ok(found.clone());
            }
        }
        Err(Error::NoKind {
            api_version: key.0,
            kind: key.1,
            name: object.name().to_owned(),
            namespace: object.namespace().to_owned(),
        })
    }

    /// Finds where an object belongs; objects of namespaced kinds without a namespace get `namespace`.
    ///
    /// # Errors
    /// [`Error::NoKind`] and [`Error::Discover`].
    pub async fn place(&self, mut object: Object, namespace: &str) -> Result<Placed, Error> {
        let (resource, scope) = self.resource(&object).await?;
        match scope {
            Scope::Cluster => object.clear_namespace(),
            Scope::Namespaced if object.namespace().is_empty() => object.set_namespace(namespace),
            Scope::Namespaced => {}
        }
        Ok(Placed { object, resource })
    }

    /// [`place`](Self::place) for many.
    ///
    /// # Errors
    /// All kinds that the cluster does not know, or why it could not be asked.
    pub async fn place_all(&self, objects: Vec<Object>, namespace: &str) -> Result<Vec<Placed>, Error> {
        let mut placed = Vec::with_capacity(objects.len());
        let mut unknown = Vec::new();
        for object in objects {
            match self.place(object, namespace).await {
                Ok(one) => placed.push(one),
                Err(error @ Error::NoKind { .. }) => unknown.push(error),
                Err(error) => return Err(error),
            }
        }
        if unknown.is_empty() { Ok(placed) } else { Err(Error::NoKinds(unknown)) }
    }

    /// Applies an object on the server, as Helm's field manager, taking over fields of others.
    ///
    /// # Errors
    /// The API's answer.
    pub async fn apply(&self, placed: &Placed, mode: Apply, validate: bool) -> Result<Value, kube::Error> {
        let request = if placed.object.name().is_empty() {
            let params = PostParams {
                dry_run: mode == Apply::DryRun,
                field_manager: Some(HELM_FIELD_MANAGER.to_owned()),
            };
            let body = serde_json::to_vec(&placed.object.0).map_err(kube::Error::SerdeError)?;
            placed.request().create(&params, body)
        } else {
            let params = PatchParams {
                dry_run: mode == Apply::DryRun,
                force: true,
                field_manager: Some(HELM_FIELD_MANAGER.to_owned()),
                field_validation: validate.then_some(ValidationDirective::Strict),
            };
            placed.request().patch(placed.object.name(), &params, &Patch::Apply(&placed.object.0))
        };
        self.client.request(request.map_err(kube::Error::BuildRequest)?).await
    }

    /// Changes a live object by a JSON patch or a merge patch.
    ///
    /// # Errors
    /// The API's answer.
    pub async fn patch(&self, placed: &Placed, patch: &Patch<Value>) -> Result<Value, kube::Error> {
        let params =
            PatchParams { field_manager: Some(HELM_FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let request = placed.request().patch(placed.object.name(), &params, patch);
        self.client.request(request.map_err(kube::Error::BuildRequest)?).await
    }

    /// The live object; `None` if it does not exist.
    ///
    /// # Errors
    /// [`Error::Request`].
    pub async fn get(&self, placed: &Placed) -> Result<Option<Value>, Error> {
        let answer = async {
            let request = placed.request().get(placed.object.name(), &GetParams::default());
            self.client.request(request.map_err(kube::Error::BuildRequest)?).await
        };
        match answer.await {
            Ok(live) => Ok(Some(live)),
            Err(error) if api_error::code(&error) == Some(404) => Ok(None),
            Err(source) => Err(failed("get", placed, source)),
        }
    }

    /// The warnings among the events of an object, at most [`MAX_EVENTS`]; none where they may not be read.
    ///
    /// # Errors
    /// [`Error::Request`].
    pub async fn warnings(&self, placed: &Placed) -> Result<Vec<Event>, Error> {
        let id = placed.object.id();
        let fields = format!("involvedObject.kind={},involvedObject.name={},type=Warning", id.kind, id.name);
        let events: Api<Event> = Api::namespaced(self.client.clone(), &id.namespace);
        match events.list(&ListParams::default().fields(&fields).limit(MAX_EVENTS)).await {
            Ok(list) => Ok(list.items),
            Err(error) if matches!(api_error::code(&error), Some(403 | 404)) => Ok(Vec::new()),
            Err(source) => Err(failed("list the events of", placed, source)),
        }
    }

    /// Deletes an object; tells whether it was there.
    ///
    /// # Errors
    /// [`Error::Request`].
    pub async fn delete(&self, placed: &Placed, propagation: DeletionPropagation) -> Result<bool, Error> {
        let policy = match propagation {
            DeletionPropagation::Background => PropagationPolicy::Background,
            DeletionPropagation::Foreground => PropagationPolicy::Foreground,
            DeletionPropagation::Orphan => PropagationPolicy::Orphan,
        };
        let params = DeleteParams { propagation_policy: Some(policy), ..DeleteParams::default() };
        let answer = async {
            let request = placed.request().delete(placed.object.name(), &params);
            self.client.request::<Value>(request.map_err(kube::Error::BuildRequest)?).await
        };
        match answer.await {
            Ok(_) => Ok(true),
            Err(error) if api_error::code(&error) == Some(404) => Ok(false),
            Err(source) => Err(failed("delete", placed, source)),
        }
    }

    async fn look_up(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, String> {
        let key = (api_version.to_owned(), kind.to_owned());
        let kinds = self.kinds(KINDS_TRUSTED).await.map_err(|error| error.to_string())?;
        let Some((resource, scope)) = kinds.resources.get(&key) else {
            return Err(format!("unable to get apiresource from unstructured: {api_version}, Kind={kind}"));
        };
        let namespace = Some(namespace).filter(|ns| !ns.is_empty() && *scope == Scope::Namespaced);
        let request = Request::new(DynamicObject::url_path(resource, namespace));
        let request = match name {
            "" => request.list(&ListParams::default().limit(MAX_LOOKUP)),
            name => request.get(name, &GetParams::default()),
        };
        let request = request.map_err(|error| error.to_string())?;
        match self.client.request::<Value>(request).await {
            Ok(list)
                if list
                    .pointer("/metadata/continue")
                    .and_then(Value::as_str)
                    .is_some_and(|c| !c.is_empty()) =>
            {
                Err(format!("lookup of {kind} would read more than {MAX_LOOKUP} objects"))
            }
            Ok(found) => Ok(found),
            Err(error) if api_error::code(&error) == Some(404) => Ok(Value::Object(Map::new())),
            Err(error) => Err(api_error::text(&error)),
        }
    }
}

fn failed(verb: &'static str, placed: &Placed, source: kube::Error) -> Error {
    Error::Request { verb, id: placed.object.id(), source: Box::new(source) }
}

async fn discover(client: &Client) -> Result<Kinds, kube::Error> {
    let version = client.apiserver_version().await?;
    let discovery = match Discovery::new(client.clone()).run_aggregated().await {
        Ok(discovery) => discovery,
        Err(kube::Error::Api(status)) if status.code == 401 || status.code == 403 => {
            return Err(kube::Error::Api(status));
        }
        Err(_) => Discovery::new(client.clone()).run().await?,
    };
    let mut resources = HashMap::new();
    let mut api_versions = Vec::new();
    for group in discovery.groups() {
        for version in group.versions() {
            for (resource, capabilities) in group.versioned_resources(version) {
                api_versions.push(resource.api_version.clone());
                api_versions.push(format!("{}/{}", resource.api_version, resource.kind));
                let key = (resource.api_version.clone(), resource.kind.clone());
                resources.entry(key).or_insert((resource, capabilities.scope));
            }
        }
    }
    api_versions.sort_unstable();
    api_versions.dedup();
    let kube_version = KubeVersion {
        normalized: KubeVersion::parse(&version.git_version).map(|v| v.normalized).unwrap_or_default(),
        version: version.git_version,
        major: version.major,
        minor: version.minor,
    };
    let capabilities = Capabilities { kube_version, api_versions, ..Capabilities::default() };
    Ok(Kinds { resources, capabilities, read: Instant::now() })
}

/// Answers the template function `lookup` from a cluster. Rendering runs on a thread of its own, which may block.
pub struct ClusterLookup {
    cluster: Cluster,
    runtime: tokio::runtime::Handle,
}

impl ClusterLookup {
    /// Looks up in `cluster`. Must be made on the runtime, and used off its async threads.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster, runtime: tokio::runtime::Handle::current() }
    }
}

impl Lookup for ClusterLookup {
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        self.runtime.block_on(self.cluster.look_up(api_version, kind, namespace, name))
    }
}
