//! What a request asks for: `RequestInfo` of `k8s.io/apiserver/pkg/endpoints/request` v0.37.

use http::Method;

use crate::auth::Attributes;
use crate::verbs::options::Query;

/// A request's path and method, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestInfo {
    /// Whether a resource is asked for.
    pub(crate) is_resource: bool,
    /// Kubernetes' verb (`get`, `list`, …), or the method in lower case for other paths.
    pub(crate) verb: String,
    /// `api` or `apis`.
    pub(crate) prefix: String,
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) namespace: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) name: String,
    /// Path segments after the version.
    pub(crate) parts: Vec<String>,
    /// `…/watch/…`, the old form.
    pub(crate) old_watch: bool,
    pub(crate) path: String,
}

impl RequestInfo {
    pub(crate) fn new(method: &Method, path: &str, query: &Query) -> Self {
        let lower = method.as_str().to_ascii_lowercase();
        let mut info = Self { verb: lower, path: path.to_owned(), ..Self::default() };
        let segments: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .filter(|s| !s.is_empty())
            .map(|s| percent_encoding::percent_decode_str(s).decode_utf8_lossy().into_owned())
            .collect();
        let mut rest: &[String] = &segments;
        if segments.len() < 3 {
            return info;
        }
        let Some((prefix, tail)) = rest.split_first() else { return info };
        if prefix != "api" && prefix != "apis" {
            return info;
        }
        info.prefix.clone_from(prefix);
        rest = tail;
        if prefix == "apis" {
            if rest.len() < 3 {
                return info;
            }
            info.group.clone_from(&rest[0]);
            rest = &rest[1..];
        }
        info.is_resource = true;
        info.version.clone_from(&rest[0]);
        rest = &rest[1..];
        method.as_str().clone_into(&mut info.verb);
        match method.as_str() {
            "POST" => "create",
            "GET" | "HEAD" => "get",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => "delete",
            _ => "",
        }
        .clone_into(&mut info.verb);
        if rest.first().is_some_and(|s| s == "watch") && rest.len() > 1 {
            info.old_watch = true;
            "watch".clone_into(&mut info.verb);
            rest = &rest[1..];
        }
        info.take_resource(rest);
        info.list_verbs(query);
        info
    }

    fn take_resource(&mut self, mut rest: &[String]) {
        if rest.first().is_some_and(|s| s == "namespaces") && rest.len() > 1 {
            self.namespace.clone_from(&rest[1]);
            // A subresource of the namespace itself is not a resource inside of it.
            if rest.len() > 2 && rest[2] != "status" && rest[2] != "finalize" {
                rest = &rest[2..];
            }
        }
        self.parts = rest.to_vec();
        if let Some(resource) = rest.first() {
            self.resource.clone_from(resource);
        }
        if let Some(name) = rest.get(1) {
            self.name.clone_from(name);
        }
        if let Some(subresource) = rest.get(2) {
            self.subresource.clone_from(subresource);
        }
    }

    fn list_verbs(&mut self, query: &Query) {
        if self.name.is_empty() && self.verb == "get" {
            let watch = query.flag("watch");
            if watch { "watch" } else { "list" }.clone_into(&mut self.verb);
            // A list of one named object counts as a request for it.
            if let Some(name) = exact_name(query.get("fieldSelector").unwrap_or_default()) {
                self.name = name;
            }
        } else if self.name.is_empty() && self.verb == "delete" {
            "deletecollection".clone_into(&mut self.verb);
        } else if self.verb == "get" && query.flag("watch") && self.subresource.is_empty() {
            // GET of one object with watch=true stays a get.
        }
    }

    /// The name in the path (a field selector gives none).
    pub(crate) fn path_name(&self) -> &str {
        self.parts.get(1).map_or("", String::as_str)
    }

    /// What authorization looks at.
    pub(crate) fn attributes(&self) -> Attributes {
        Attributes {
            verb: self.verb.clone(),
            namespace: self.namespace.clone(),
            group: self.group.clone(),
            version: self.version.clone(),
            resource: self.resource.clone(),
            subresource: self.subresource.clone(),
            name: self.name.clone(),
            path: self.path.clone(),
            is_resource: self.is_resource,
        }
    }
}

fn exact_name(selector: &str) -> Option<String> {
    selector.split(',').find_map(|term| {
        let value = term.strip_prefix("metadata.name=")?;
        let value = value.strip_prefix('=').unwrap_or(value);
        (!value.is_empty() && !value.contains(['/', '\\'])).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(method: &str, path: &str, query: &str) -> RequestInfo {
        RequestInfo::new(&method.parse().unwrap(), path, &Query::parse(query))
    }

    #[test]
    fn paths_are_taken_apart_as_kubernetes_does() {
        let one = info("GET", "/apis/apps/v1/namespaces/n/deployments/a/scale", "");
        assert_eq!(
            (one.verb.as_str(), one.resource.as_str(), one.subresource.as_str()),
            ("get", "deployments", "scale")
        );
        assert_eq!((one.namespace.as_str(), one.name.as_str()), ("n", "a"));
        let namespace = info("PUT", "/api/v1/namespaces/n/finalize", "");
        assert_eq!((namespace.resource.as_str(), namespace.name.as_str()), ("namespaces", "n"));
        assert_eq!(namespace.subresource, "finalize");
        assert_eq!(info("GET", "/api/v1/pods", "watch=1").verb, "watch");
        assert_eq!(info("DELETE", "/api/v1/namespaces/n/pods", "").verb, "deletecollection");
        assert_eq!(info("GET", "/api/v1/namespaces/n/pods", "fieldSelector=metadata.name%3Dx").name, "x");
        assert!(!info("GET", "/apis/apps/v1", "").is_resource);
        assert!(!info("GET", "/version", "").is_resource);
    }
}
