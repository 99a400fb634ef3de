//! A client of one OCI repository, or of the prefix of several.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use tokio::time::Instant;
use url::Url;

use crate::error::{Cause, Kind};
use crate::gate::RateLimit;
use crate::manifest::{ACCEPT_MANIFESTS, Descriptor, HELM_PROVENANCE_LAYER, Manifest, OCI_INDEX};
use crate::paging::{self, Next};
use crate::transport::{Auth, Call, Reply, Transport};
use crate::url_shape::{is_tag, origin};
use crate::{Digest, Error, RepositoryUrl, Scheme};

/// Names asked for in one page; ECR refuses more, ACR gives no more.
const PAGE: &str = "1000";
/// Largest page of a listing: 1000 names of 255 characters fit many times.
const MAX_PAGE_BYTES: u64 = 8 << 20;

/// The tags of a repository, in the registry's order (often unsorted).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagList {
    /// Tags that the specification allows; others are left out.
    pub tags: Vec<String>,
    /// Whether the limits on pages or entries cut the list.
    pub truncated: bool,
}

/// What a tag points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Media type of the manifest, as the registry says.
    pub media_type: String,
}

/// A chart with everything Helm pushed.
#[derive(Debug, Clone)]
pub struct PulledChart {
    /// Digest of the manifest.
    pub digest: Digest,
    /// The manifest.
    pub manifest: Manifest,
    /// The config: Chart.yaml as JSON.
    pub config: Bytes,
    /// The chart archive.
    pub archive: Bytes,
    /// The provenance file, if one was pushed.
    pub provenance: Option<Bytes>,
}

#[derive(Deserialize)]
struct TagsPage {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct CatalogPage {
    #[serde(default)]
    repositories: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct ReferrersPage {
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
}

/// Asks an OCI registry about one repository. Cheap to clone; all requests are bounded by its access's limits.
#[derive(Debug, Clone)]
pub struct OciClient {
    pub(crate) transport: Transport,
    url: RepositoryUrl,
}

impl OciClient {
    pub(crate) fn new(transport: Transport, url: RepositoryUrl) -> Self {
        Self { transport, url }
    }

    /// The repository.
    pub fn url(&self) -> &RepositoryUrl {
        &self.url
    }

    /// The same access for the repository at `chart` below this one.
    pub fn below(&self, chart: &str) -> Result<Self, Error> {
        Ok(Self { transport: self.transport.clone(), url: self.url.join(chart)? })
    }

    /// Requests sent so far by this client and all made from it.
    pub fn requests(&self) -> u64 {
        self.transport.requests()
    }

    /// The registry's last word on its rate limit.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        let plain = self.transport.access().scheme == Scheme::PlainHttp;
        let base = Url::parse(&format!("{}://{}", if plain { "http" } else { "https" }, self.url.api_host()))
            .ok()?;
        self.transport.pool().gate(&origin(&base)).rate()
    }

    /// Checks that the registry answers and takes the credentials (`GET /v2/`).
    pub async fn ping(&self) -> Result<(), Error> {
        let deadline = self.transport.deadline();
        let url = self.api("", deadline).await?;
        let mut call =
            registry_call(Method::GET, url, String::new(), "the registry's answer", MAX_PAGE_BYTES);
        call.auth = Auth::Registry(String::new());
        self.transport.send(&call, deadline).await.map(drop)
    }

    /// All tags, over all pages.
    pub async fn tags(&self) -> Result<TagList, Error> {
        let deadline = self.transport.deadline();
        let url = self.api(&format!("{}/tags/list?n={PAGE}", self.url.api_name()), deadline).await?;
        let what = format!("the tag list of `{}`", self.url);
        let mut list = TagList::default();
        list.truncated = self
            .pages(url, self.pull_scope(), &what, deadline, |reply| {
                let page: TagsPage = reply.json(&what)?;
                list.tags.extend(page.tags.unwrap_or_default().into_iter().filter(|tag| is_tag(tag)));
                Ok(list.tags.len())
            })
            .await?;
        list.tags.truncate(self.transport.access().limits.entries);
        Ok(list)
    }

    /// All repositories of the registry that this client may see (`_catalog`), and whether the list was cut.
    pub async fn catalog(&self) -> Result<(Vec<String>, bool), Error> {
        let deadline = self.transport.deadline();
        let url = self.api(&format!("_catalog?n={PAGE}"), deadline).await?;
        let what = format!("the catalog of `{}`", self.url.host());
        let mut names = Vec::new();
        let truncated = self
            .pages(url, "registry:catalog:*".into(), &what, deadline, |reply| {
                let page: CatalogPage = reply.json(&what)?;
                names.extend(page.repositories.unwrap_or_default());
                Ok(names.len())
            })
            .await?;
        names.truncate(self.transport.access().limits.entries);
        Ok((names, truncated))
    }

    /// Walks a listing's pages; `take` keeps one and says how many entries there are. Returns whether it was cut.
    async fn pages(
        &self,
        first: Url,
        scope: String,
        what: &str,
        deadline: Instant,
        mut take: impl FnMut(&Reply) -> Result<usize, Error>,
    ) -> Result<bool, Error> {
        let limits = self.transport.access().limits;
        let mut seen = HashSet::from([first.clone()]);
        let mut url = first;
        for _ in 0..limits.pages {
            let call = registry_call(Method::GET, url.clone(), scope.clone(), what, MAX_PAGE_BYTES);
            let reply = self.transport.send(&call, deadline).await?;
            let entries = take(&reply)?;
            if entries > limits.entries {
                return Ok(true);
            }
            match paging::next(&url, reply.header_values("link")) {
                // A link that leads to a page already read would go on for ever.
                Next::Page(next) if !seen.insert(next.clone()) => return Ok(true),
                Next::Page(next) => url = next,
                Next::Refused => return Ok(true),
                Next::End => return Ok(false),
            }
        }
        Ok(true)
    }

    /// What a tag (or digest) points to: HEAD, and GET where HEAD is refused or leaves out the digest.
    pub async fn resolve(&self, reference: &str) -> Result<Resolved, Error> {
        let deadline = self.transport.deadline();
        let call = self.manifest_call(Method::HEAD, reference, deadline).await?;
        if let Ok(reply) = self.transport.send(&call, deadline).await
            && let Some(digest) = reply.header("docker-content-digest").and_then(|d| d.parse::<Digest>().ok())
        {
            let media_type = reply.header(CONTENT_TYPE.as_str()).unwrap_or_default().to_owned();
            return Ok(Resolved { digest, media_type });
        }
        let call = self.manifest_call(Method::GET, reference, deadline).await?;
        let reply = self.transport.send(&call, deadline).await?;
        let media_type = reply.header(CONTENT_TYPE.as_str()).unwrap_or_default().to_owned();
        Ok(Resolved { digest: Digest::of(&reply.body), media_type })
    }

    /// The image manifest of a tag or digest, with its digest.
    pub async fn manifest(&self, reference: &str) -> Result<(Digest, Manifest), Error> {
        let deadline = self.transport.deadline();
        self.manifest_by(reference, deadline).await
    }

    async fn manifest_by(&self, reference: &str, deadline: Instant) -> Result<(Digest, Manifest), Error> {
        let call = self.manifest_call(Method::GET, reference, deadline).await?;
        let reply = self.transport.send(&call, deadline).await?;
        let digest = call.digest.unwrap_or_else(|| Digest::of(&reply.body));
        Ok((digest, Manifest::parse(&reply.body, &self.named(reference))?))
    }

    /// A blob, checked against size and digest of its descriptor; at most `limit` bytes.
    pub async fn blob(&self, descriptor: &Descriptor, limit: u64, what: &str) -> Result<Bytes, Error> {
        self.blob_by(descriptor, limit, what, self.transport.deadline()).await
    }

    async fn blob_by(
        &self,
        descriptor: &Descriptor,
        limit: u64,
        what: &str,
        deadline: Instant,
    ) -> Result<Bytes, Error> {
        let what = format!("{what} of `{}`", self.url);
        if descriptor.size > limit {
            return Err(Error::TooLarge { what, limit });
        }
        let url = self.api(&format!("{}/blobs/{}", self.url.api_name(), descriptor.digest), deadline).await?;
        let mut call = registry_call(Method::GET, url, self.pull_scope(), &what, descriptor.size);
        call.digest = Some(descriptor.digest.clone());
        Ok(self.transport.send(&call, deadline).await?.body)
    }

    /// The chart at a tag or digest. Anything whose config is not a Helm config is [`Error::NotAChart`].
    pub async fn pull_chart(&self, reference: &str) -> Result<PulledChart, Error> {
        let (deadline, limits) = (self.transport.deadline(), self.transport.access().limits);
        let (digest, manifest) = self.manifest_by(reference, deadline).await?;
        if !manifest.is_chart() {
            return Err(Error::NotAChart {
                reference: self.named(reference),
                media_type: crate::envelope::clip(&manifest.config.media_type),
            });
        }
        let layer = manifest.chart_layer().ok_or_else(|| Error::Malformed {
            what: format!("the chart `{}`", self.named(reference)),
            reason: "its manifest has no layer with a chart archive".into(),
        })?;
        let provenance = manifest.layers.iter().find(|l| l.media_type == HELM_PROVENANCE_LAYER);
        let config = self.blob_by(&manifest.config, limits.config, "the chart config", deadline).await?;
        let archive = self.blob_by(layer, limits.layer, "the chart archive", deadline).await?;
        let provenance = match provenance {
            Some(layer) => Some(self.blob_by(layer, limits.config, "the provenance file", deadline).await?),
            None => None,
        };
        Ok(PulledChart { digest, manifest, config, archive, provenance })
    }

    /// The annotations of a chart's config blob only, for a catalog.
    pub(crate) async fn config(&self, manifest: &Manifest) -> Result<Bytes, Error> {
        let limits = self.transport.access().limits;
        self.blob(&manifest.config, limits.config, "the chart config").await
    }

    /// Artifacts that refer to `subject` (signatures, attestations): the referrers API, else its fallback tag.
    pub async fn referrers(
        &self,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, Error> {
        let deadline = self.transport.deadline();
        let name = self.url.api_name();
        let url = self.api(&format!("{name}/referrers/{subject}"), deadline).await?;
        let mut call = registry_call(Method::GET, url, self.pull_scope(), "the referrers", MAX_PAGE_BYTES);
        call.accept = Some(OCI_INDEX);
        // GHCR redirects this request to a web page.
        call.follow = false;
        let found = match self.transport.send(&call, deadline).await {
            Ok(reply) => reply.json::<ReferrersPage>("the referrers").ok().map(|page| page.manifests),
            Err(Error::Redirect { .. }) => None,
            Err(error) if error.is_not_found() || error.kind() == Kind::Refused => None,
            Err(error) => return Err(error),
        };
        let manifests = match found {
            Some(manifests) => manifests.unwrap_or_default(),
            None => self.fallback_referrers(subject, deadline).await?,
        };
        let wanted = |d: &Descriptor| artifact_type.is_none() || d.artifact_type.as_deref() == artifact_type;
        Ok(manifests.into_iter().filter(wanted).collect())
    }

    async fn fallback_referrers(
        &self,
        subject: &Digest,
        deadline: Instant,
    ) -> Result<Vec<Descriptor>, Error> {
        let tag = subject.as_str().replace(':', "-");
        let call = self.manifest_call(Method::GET, &tag, deadline).await?;
        match self.transport.send(&call, deadline).await {
            Ok(reply) => Ok(reply.json::<ReferrersPage>("the referrers tag")?.manifests.unwrap_or_default()),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Uploads a blob unless the registry has it.
    pub(crate) async fn upload(
        &self,
        media_type: &str,
        content: Bytes,
        deadline: Instant,
    ) -> Result<Descriptor, Error> {
        let descriptor = Descriptor {
            media_type: media_type.to_owned(),
            digest: Digest::of(&content),
            size: content.len() as u64,
            annotations: BTreeMap::new(),
            artifact_type: None,
        };
        let name = self.url.api_name();
        let head = self.api(&format!("{name}/blobs/{}", descriptor.digest), deadline).await?;
        let call = registry_call(Method::HEAD, head, self.push_scope(), "a blob", 0);
        if self.transport.exchange(&call, deadline).await?.status.is_success() {
            return Ok(descriptor);
        }
        let start = self.api(&format!("{name}/blobs/uploads/"), deadline).await?;
        let mut call = registry_call(
            Method::POST,
            start.clone(),
            self.push_scope(),
            "the upload's answer",
            MAX_PAGE_BYTES,
        );
        call.body = Some(Bytes::new());
        let reply = self.transport.send(&call, deadline).await?;
        let location = reply.header("location").ok_or_else(|| Error::Malformed {
            what: format!("the upload's answer from `{}`", self.url),
            reason: "it says no location".into(),
        })?;
        let mut target = start.join(location).map_err(|e| Error::Malformed {
            what: format!("the upload's answer from `{}`", self.url),
            reason: format!("its location is not a URL: {e}"),
        })?;
        target.query_pairs_mut().append_pair("digest", descriptor.digest.as_str());
        // An upload may live on another host (with its own signed URL); credentials stay with the registry.
        let auth =
            if target.origin() == start.origin() { Auth::Registry(self.push_scope()) } else { Auth::Nothing };
        let mut call = Call::new(Method::PUT, target, auth, "the upload's answer", MAX_PAGE_BYTES);
        call.headers.push((CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")));
        call.body = Some(content);
        self.transport.send(&call, deadline).await?;
        Ok(descriptor)
    }

    /// Puts a manifest at a tag; returns its digest.
    pub(crate) async fn put_manifest(
        &self,
        tag: &str,
        media_type: &'static str,
        manifest: Bytes,
        deadline: Instant,
    ) -> Result<Digest, Error> {
        let digest = Digest::of(&manifest);
        let url = self.api(&format!("{}/manifests/{tag}", self.url.api_name()), deadline).await?;
        let mut call =
            registry_call(Method::PUT, url, self.push_scope(), "the registry's answer", MAX_PAGE_BYTES);
        call.headers.push((CONTENT_TYPE, HeaderValue::from_static(media_type)));
        call.body = Some(manifest);
        self.transport.send(&call, deadline).await?;
        Ok(digest)
    }

    async fn manifest_call(&self, method: Method, reference: &str, deadline: Instant) -> Result<Call, Error> {
        let digest = reference.parse::<Digest>().ok();
        if digest.is_none() && !is_tag(reference) {
            return Err(Error::Url {
                url: self.named(reference),
                reason: "the version is no tag (letters, digits, `.`, `_`, `-`) and no digest".into(),
            });
        }
        let url = self.api(&format!("{}/manifests/{reference}", self.url.api_name()), deadline).await?;
        let what = format!("the manifest of `{}`", self.named(reference));
        let mut call =
            registry_call(method, url, self.pull_scope(), &what, self.transport.access().limits.manifest);
        call.accept = Some(ACCEPT_MANIFESTS);
        call.digest = digest.filter(|_| call.method == Method::GET);
        Ok(call)
    }

    fn named(&self, reference: &str) -> String {
        let separator = if reference.contains(':') { '@' } else { ':' };
        format!("{}{separator}{}", self.url, reference.escape_debug())
    }

    fn pull_scope(&self) -> String {
        format!("repository:{}:pull", self.url.api_name())
    }

    fn push_scope(&self) -> String {
        format!("repository:{}:pull,push", self.url.api_name())
    }

    /// `/v2/<path>` with the right scheme.
    pub(crate) async fn api(&self, path: &str, deadline: Instant) -> Result<Url, Error> {
        let scheme = if self.is_plain(deadline).await? { "http" } else { "https" };
        let text = format!("{scheme}://{}/v2/{path}", self.url.api_host());
        Url::parse(&text).map_err(|e| Error::Url { url: text, reason: e.to_string() })
    }

    async fn is_plain(&self, deadline: Instant) -> Result<bool, Error> {
        match self.transport.access().scheme {
            Scheme::Https => return Ok(false),
            Scheme::PlainHttp => return Ok(true),
            Scheme::HttpsElsePlain => {}
        }
        let host = self.url.api_host();
        if let Some(plain) = self.transport.pool().is_plain(host) {
            return Ok(plain);
        }
        let text = format!("https://{host}/v2/");
        let url = Url::parse(&text).map_err(|e| Error::Url { url: text, reason: e.to_string() })?;
        let call = Call::new(Method::GET, url, Auth::Nothing, "the registry's answer", MAX_PAGE_BYTES);
        let plain = match self.transport.exchange(&call, deadline).await {
            Err(Error::Unreachable {
                cause: Cause::Tls(_) | Cause::Broken(_) | Cause::Connect { .. },
                ..
            }) => true,
            Err(error) => return Err(error),
            Ok(_) => false,
        };
        self.transport.pool().learn_plain(host, plain);
        Ok(plain)
    }

    /// The answer to `GET /v2/` without credentials: its status and challenges tell the registry's kind.
    pub(crate) async fn probe(&self) -> Result<(StatusCode, Vec<String>), Error> {
        let deadline = self.transport.deadline();
        let url = self.api("", deadline).await?;
        let call = Call::new(Method::GET, url, Auth::Nothing, "the registry's answer", MAX_PAGE_BYTES);
        let reply = self.transport.exchange(&call, deadline).await?;
        let challenges = reply.header_values("www-authenticate").map(str::to_owned).collect();
        Ok((reply.status, challenges))
    }
}

/// A request with a token for `scope`.
fn registry_call(method: Method, url: Url, scope: String, what: &str, limit: u64) -> Call {
    Call::new(method, url, Auth::Registry(scope), what, limit)
}
