//! What repositories of both kinds have in common: their Secrets, their dependents, their fields.

use std::collections::{BTreeMap, HashMap};

use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams},
    core::object::HasSpec,
};
use pilothouse_resources::{
    DurationString, HelmRepository, LocalObjectReference, OCIRepository, Provider, meta,
};

use super::{
    credentials::{self, CertificateInput, CredentialsInput, CredentialsState},
    dependents::{self, Dependents, SourceKey},
    objects::{Namespaced, api, edit, list_scoped, manager, need_namespace, request_token},
};
use crate::{
    Caller,
    problem::Problem,
    validate::{self, Checks},
};

/// Interval of a repository where a request names none.
pub const DEFAULT_INTERVAL: &str = "5m0s";

/// A kind of repository.
pub trait SourceObject: Namespaced + HasSpec<Spec: Clone> {
    /// Its name, as releases refer to it.
    const KIND: &'static str;
    /// What people call one of them.
    const NOUN: &'static str;
    /// The same with its article.
    const A_NOUN: &'static str;
    /// How fields of the object are called in requests.
    const FIELDS: &'static [(&'static str, &'static str)];

    /// The Secrets with credentials and with certificates.
    fn secrets(&self) -> [Option<&LocalObjectReference>; 2];

    /// The same, to be set.
    fn secrets_mut(&mut self) -> [&mut Option<LocalObjectReference>; 2];
}

macro_rules! source_object {
    ($object:ty, $kind:literal, $article:literal, $noun:literal, $fields:expr) => {
        impl SourceObject for $object {
            const KIND: &'static str = $kind;
            const NOUN: &'static str = $noun;
            const A_NOUN: &'static str = concat!($article, " ", $noun);
            const FIELDS: &'static [(&'static str, &'static str)] = $fields;

            fn secrets(&self) -> [Option<&LocalObjectReference>; 2] {
                [self.spec.secret_ref.as_ref(), self.spec.cert_secret_ref.as_ref()]
            }

            fn secrets_mut(&mut self) -> [&mut Option<LocalObjectReference>; 2] {
                [&mut self.spec.secret_ref, &mut self.spec.cert_secret_ref]
            }
        }
    };
}

source_object!(
    HelmRepository,
    "HelmRepository",
    "a",
    "repository",
    &[
        ("metadata.name", "name"),
        ("metadata.labels", "labels"),
        ("spec.secretRef", "credentials"),
        ("spec.certSecretRef", "certificate"),
        ("spec.suspend", "suspended"),
    ]
);
source_object!(
    OCIRepository,
    "OCIRepository",
    "an",
    "OCI repository",
    &[
        ("metadata.name", "name"),
        ("metadata.labels", "labels"),
        ("spec.ref.tag", "reference.tag"),
        ("spec.ref.semver", "reference.semver"),
        ("spec.ref.digest", "reference.digest"),
        ("spec.layerSelector.mediaType", "layer.mediaType"),
        ("spec.layerSelector.operation", "layer.operation"),
        ("spec.secretRef", "credentials"),
        ("spec.certSecretRef", "certificate"),
        ("spec.suspend", "suspended"),
    ]
);

/// What the API shows of a repository.
pub trait SourceView: Sized {
    /// The kind it shows.
    type Object: SourceObject;

    /// The view of an object.
    fn of(object: &Self::Object) -> Self;

    /// Namespace and name.
    fn place(&self) -> (&str, &str);

    /// Its credentials and the number of releases that use it: not told by the object alone.
    fn looked_up(&mut self) -> (&mut CredentialsState, &mut Option<usize>);
}

/// How releases refer to a repository.
pub fn key<K: SourceObject>(namespace: &str, name: &str) -> SourceKey {
    SourceKey { kind: K::KIND.into(), namespace: namespace.to_owned(), name: name.to_owned() }
}

/// All repositories of a namespace, or of all, with the number of releases that use each.
pub async fn list<V: SourceView>(caller: &Caller, namespace: Option<&str>) -> Result<Vec<V>, Problem> {
    let params = ListParams::default();
    let listed = list_scoped(&caller.client, namespace, &params, |object: V::Object| Some(V::of(&object)));
    let (listed, uses) = tokio::join!(listed, dependents::uses(caller, namespace));
    let mut listed = listed?;
    if let Ok((uses, _)) = uses {
        let mut counts: HashMap<SourceKey, usize> = HashMap::new();
        for used in uses {
            *counts.entry(used.source).or_default() += 1;
        }
        for view in &mut listed {
            let (namespace, name) = view.place();
            let count = counts.get(&key::<V::Object>(namespace, name)).copied();
            *view.looked_up().1 = Some(count.unwrap_or_default());
        }
    }
    Ok(listed)
}

/// One repository, with what may be said of its credentials.
pub async fn get<V: SourceView>(caller: &Caller, namespace: &str, name: &str) -> Result<V, Problem> {
    let object = object::<V::Object>(caller, namespace, name).await?;
    let mut view = V::of(&object);
    let [secret, _] = object.secrets();
    let secret = secret.map(|reference| reference.name.as_str());
    let key = key::<V::Object>(namespace, name);
    let (state, dependents) =
        tokio::join!(credentials::state(caller, namespace, secret), dependents::of(caller, &key));
    let (credentials, releases) = view.looked_up();
    *credentials = state?;
    *releases = dependents.ok().map(|dependents| dependents.items.len());
    Ok(view)
}

/// The object itself.
pub async fn object<K: SourceObject>(caller: &Caller, namespace: &str, name: &str) -> Result<K, Problem> {
    Ok(api::<K>(&caller.client, Some(namespace)).get(name).await?)
}

/// The Secrets' content in a request; what is absent stays as it is.
#[derive(Clone, Copy, Debug)]
pub struct SecretsInput<'a> {
    /// Credentials.
    pub credentials: Option<&'a CredentialsInput>,
    /// Certificates.
    pub certificate: Option<&'a CertificateInput>,
}

impl SecretsInput<'_> {
    /// Checks both; `stored` says that a user name or password may be kept from before.
    pub fn check(&self, checks: &mut Checks, stored: bool) {
        if let Some(credentials) = self.credentials {
            credentials.check("credentials", checks, stored);
        }
        if let Some(certificate) = self.certificate {
            certificate.check("certificate", checks);
        }
    }

    /// Whether there is anything to store or to remove.
    pub fn is_given(&self) -> bool {
        self.credentials.is_some() || self.certificate.is_some()
    }

    /// Writes what is given to Secrets of its own and has `object` refer to them.
    async fn store<K: SourceObject>(
        &self,
        caller: &Caller,
        namespace: &str,
        object: &mut K,
    ) -> Result<(), Problem> {
        let name = object.name_any();
        let [secret, certificates] = object.secrets_mut();
        if let Some(input) = self.credentials {
            let previous = secret.as_ref().map(|reference| reference.name.clone());
            let stored = credentials::store(caller, namespace, &name, input, previous.as_deref()).await?;
            *secret = stored.map(Into::into);
        }
        if let Some(input) = self.certificate {
            let stored = credentials::store_certificate(caller, namespace, &name, input).await?;
            *certificates = stored.map(Into::into);
        }
        Ok(())
    }

    /// Of the Secrets that a new object refers to, those that [`SecretsInput::store`] made.
    fn made<'k, K: SourceObject>(&self, object: &'k K) -> impl Iterator<Item = &'k str> {
        let chosen = [
            self.credentials.is_some_and(|input| input.secret_name.is_some()),
            self.certificate.is_some_and(|input| input.secret_name.is_some()),
        ];
        let secrets = object.secrets().into_iter().zip(chosen);
        secrets.filter(|(_, chosen)| !chosen).filter_map(|(secret, _)| Some(secret?.name.as_str()))
    }
}

/// Checks where a new repository is to be.
pub fn check_place(namespace: &str, name: &str, checks: &mut Checks) {
    checks.take("name", validate::name(name, validate::MAX_NAME));
    checks.take("namespace", validate::namespace(namespace));
}

/// Adds a repository, with Secrets of its own; if that fails none of them stays.
pub async fn create<K: SourceObject>(
    caller: &Caller,
    namespace: &str,
    mut object: K,
    labels: &BTreeMap<String, String>,
    secrets: &SecretsInput<'_>,
) -> Result<K, Problem> {
    need_namespace(&caller.client, namespace).await?;
    let repositories = api::<K>(&caller.client, Some(namespace));
    let name = object.name_any();
    if repositories.get_metadata_opt(&name).await?.is_some() {
        return Err(taken(K::A_NOUN, &name));
    }
    if !labels.is_empty() {
        object.meta_mut().labels = Some(labels.clone());
    }
    let stored = secrets.store(caller, namespace, &mut object).await;
    let created = match stored {
        Ok(()) => repositories
            .create(&manager(), &object)
            .await
            .map_err(|error| Problem::from(error).at_fields(K::FIELDS)),
        Err(problem) => Err(problem),
    };
    if created.is_err() {
        for made in secrets.made(&object) {
            credentials::discard(caller, namespace, made).await;
        }
    }
    created
}

fn taken(a_noun: &str, name: &str) -> Problem {
    let message = format!("{a_noun} named `{name}` exists already in this namespace");
    let mut problem = Problem::conflict("already-exists", "The name is taken", message.clone());
    problem.errors = vec![crate::FieldError { field: "name".into(), message }];
    problem
}

/// What changes beside the specification.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The version that the caller saw.
    pub expected: Option<&'a str>,
    /// New labels.
    pub labels: Option<&'a BTreeMap<String, String>>,
    /// New Secrets.
    pub secrets: SecretsInput<'a>,
}

impl Change<'_> {
    /// Checks it, for the object as it was.
    pub fn check<K: SourceObject>(&self, before: &K, checks: &mut Checks) {
        let [secret, _] = before.secrets();
        self.secrets.check(checks, secret.is_some());
        if let Some(labels) = self.labels {
            checks.take("labels", validate::labels(labels));
        }
    }
}

/// Stores new Secrets in `wanted`, brings the repository of its name from `before` to `wanted`'s specification, and
/// removes the Secrets that are no longer used.
pub async fn update<K: SourceObject>(
    caller: &Caller,
    namespace: &str,
    before: &K,
    mut wanted: K,
    change: &Change<'_>,
) -> Result<K, Problem> {
    let written = write(caller, namespace, &mut wanted, change).await;
    let kept = written.as_ref().unwrap_or(before);
    discard_replaced(caller, namespace, &wanted, before, kept).await;
    written
}

async fn write<K: SourceObject>(
    caller: &Caller,
    namespace: &str,
    wanted: &mut K,
    change: &Change<'_>,
) -> Result<K, Problem> {
    change.secrets.store(caller, namespace, wanted).await?;
    let repositories = api::<K>(&caller.client, Some(namespace));
    edit(&repositories, &wanted.name_any(), change.expected, |object: &mut K| {
        object.spec_mut().clone_from(wanted.spec());
        if let Some(labels) = change.labels {
            object.meta_mut().labels = Some(labels.clone());
        }
        // A Secret of the same name leaves the specification as it was: the check must be asked for.
        if change.secrets.is_given() {
            let asked = (meta::RECONCILE_REQUESTED_AT.to_owned(), request_token());
            object.annotations_mut().extend([asked]);
        }
        Ok(())
    })
    .await
    .map_err(|problem| problem.at_fields(K::FIELDS))
}

/// Removes those Secrets of `wanted` and of `before` that `kept`, the repository as it is now, does not refer to.
async fn discard_replaced<K: SourceObject>(
    caller: &Caller,
    namespace: &str,
    wanted: &K,
    before: &K,
    kept: &K,
) {
    let names = |object: &K| object.secrets().map(|secret| secret.map(|reference| reference.name.clone()));
    let in_use = names(kept);
    let mut replaced: Vec<String> = names(wanted).into_iter().chain(names(before)).flatten().collect();
    replaced.retain(|name| !in_use.iter().flatten().any(|used| used == name));
    for secret in replaced {
        credentials::discard_if_unused(caller, namespace, &secret, &kept.name_any()).await;
    }
}

/// Deletes a repository. With releases that use it, its name must be typed as `confirm`.
pub async fn delete<K: SourceObject>(
    caller: &Caller,
    namespace: &str,
    name: &str,
    confirm: Option<&str>,
) -> Result<Dependents, Problem> {
    let repositories = api::<K>(&caller.client, Some(namespace));
    let object = repositories.get(name).await?;
    let dependents = dependents::of(caller, &key::<K>(namespace, name)).await.or_else(|problem| {
        // Who may delete a repository but not list releases still may: the answer says that nobody looked.
        if problem.is_forbidden() { Ok(Dependents::default()) } else { Err(problem) }
    })?;
    dependents::need_confirmation(K::NOUN, name, &dependents, confirm)?;
    repositories.delete(name, &DeleteParams::default()).await?;
    for reference in object.secrets().into_iter().flatten() {
        credentials::discard_if_unused(caller, namespace, &reference.name, name).await;
    }
    Ok(dependents)
}

/// The interval a request asks for; the default where it names none.
pub fn interval(given: Option<&str>, checks: &mut Checks) -> Option<DurationString> {
    let text = given.filter(|text| !text.is_empty()).unwrap_or(DEFAULT_INTERVAL);
    checks.take("interval", validate::interval(text))
}

/// The timeout a request asks for; `None` where it names none.
pub fn timeout(given: Option<&str>, checks: &mut Checks) -> Option<DurationString> {
    let text = given.filter(|text| !text.is_empty())?;
    checks.take("timeout", validate::timeout(text, false))
}

/// Sets an optional flag as a request says: `false` removes it.
pub fn set_flag(field: &mut Option<bool>, given: Option<bool>) {
    if let Some(given) = given {
        *field = given.then_some(true);
    }
}

/// The words of the API for a provider.
pub fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Generic => "generic",
        Provider::Aws => "aws",
        Provider::Azure => "azure",
        Provider::Gcp => "gcp",
    }
}

/// The provider that a request names; `None` where it names none, or one that there is not.
pub fn provider(given: Option<&str>, checks: &mut Checks) -> Option<Provider> {
    let provider = match given? {
        "" | "generic" => Ok(Provider::Generic),
        "aws" => Ok(Provider::Aws),
        "azure" => Ok(Provider::Azure),
        "gcp" => Ok(Provider::Gcp),
        other => Err(format!("`{other}` is not a provider; use generic, aws, azure or gcp")),
    };
    checks.take("provider", provider)
}
