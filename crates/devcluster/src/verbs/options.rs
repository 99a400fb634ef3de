//! Options of requests that come as query parameters or in a body.

use serde_json::{Value, json};

use crate::client::DeleteOptions;
use crate::fields::FieldValidation;
use crate::status::{ApiError, ApiResult, Cause};

/// Query parameters, decoded, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let decode = |part: &str| {
            let spaced = part.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
        };
        let pairs = text.split('&').filter(|p| !p.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key), decode(value))
                })
                .collect(),
        )
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// All values of a parameter.
    pub(crate) fn all(&self, key: &str) -> Vec<&str> {
        self.0.iter().filter(|(k, _)| k == key).map(|(_, v)| v.as_str()).collect()
    }

    /// A parameter as Go reads a bool: absent and empty are false.
    pub(crate) fn flag(&self, key: &str) -> bool {
        match self.get(key) {
            None | Some("" | "0" | "f" | "F" | "false" | "False" | "FALSE") => false,
            // Unreadable ones are false in Go too, but `1`, `t` and `true` are the rule.
            Some(_) => true,
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// 400 in Go's words.
    pub(crate) fn number(&self, key: &str) -> ApiResult<Option<i64>> {
        match self.get(key) {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| {
                let quoted = crate::status::go_quote(text);
                ApiError::bad_request(format!("strconv.ParseInt: parsing {quoted}: invalid syntax"))
            }),
        }
    }
}

/// Options of a create, update or patch.
#[derive(Debug, Clone, Default)]
pub(crate) struct WriteOptions {
    pub(crate) dry_run: bool,
    pub(crate) manager: String,
    pub(crate) validation: FieldValidation,
    pub(crate) force: Option<bool>,
}

impl WriteOptions {
    /// Reads and checks the parameters. `kind`: `CreateOptions`, `UpdateOptions` or `PatchOptions`.
    ///
    /// # Errors
    /// 422 as the API server's.
    pub(crate) fn read(query: &Query, kind: &str, is_apply: bool, user_agent: &str) -> ApiResult<Self> {
        let mut causes = Vec::new();
        let manager = query.get("fieldManager").unwrap_or_default();
        let force = query.get("force").map(|_| query.flag("force"));
        if kind == "PatchOptions" {
            if !is_apply && force.is_some() {
                causes.push(Cause::forbidden("force", "may not be specified for non-apply patch"));
            }
            if is_apply && manager.is_empty() {
                causes.push(Cause::required("fieldManager", "is required for apply patch"));
            }
        }
        causes.extend(manager_causes(manager));
        let dry_run = dry_run(query.all("dryRun").iter().copied(), &mut causes);
        let validation = match query.get("fieldValidation") {
            None | Some("" | "Warn") => FieldValidation::Warn,
            Some("Strict") => FieldValidation::Strict,
            Some("Ignore") => FieldValidation::Ignore,
            Some(other) => {
                causes.push(Cause::not_supported(
                    "fieldValidation",
                    &json!(other),
                    &["", "Ignore", "Strict", "Warn"],
                ));
                FieldValidation::Warn
            }
        };
        if !causes.is_empty() {
            return Err(ApiError::invalid("meta.k8s.io", kind, "", causes));
        }
        let manager = if manager.is_empty() { from_agent(user_agent) } else { manager.to_owned() };
        Ok(Self { dry_run, manager, validation, force })
    }
}

fn manager_causes(manager: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    if manager.len() > 128 {
        causes.push(Cause::too_long("fieldManager", 128));
    }
    if let Some((at, c)) = manager.chars().enumerate().find(|(_, c)| c.is_control()) {
        let detail = format!("invalid character U+{:04X} (at position {at})", u32::from(c));
        causes.push(Cause::invalid("fieldManager", &json!(manager), &detail));
    }
    causes
}

/// The field manager of a request that names none: the User-Agent up to the first `/`.
fn from_agent(agent: &str) -> String {
    let name: String =
        agent.split('/').next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() { "unknown".to_owned() } else { name.chars().take(128).collect() }
}

fn dry_run<'a>(values: impl Iterator<Item = &'a str>, causes: &mut Vec<Cause>) -> bool {
    let values: Vec<&str> = values.collect();
    let wrong = values.iter().any(|v| *v != "All");
    if wrong {
        causes.push(Cause::not_supported("dryRun", &json!(values), &["All"]));
    }
    !values.is_empty() && !wrong
}

/// Reads `DeleteOptions` from a body (`None`: there is none) or the query.
///
/// # Errors
/// 400 and 422 as the API server's.
pub(crate) fn delete_options(query: &Query, body: Option<&Value>) -> ApiResult<DeleteOptions> {
    let mut options = DeleteOptions::default();
    let mut causes = Vec::new();
    let orphan;
    if let Some(body) = body {
        options.grace_period_seconds = body["gracePeriodSeconds"].as_i64();
        options.propagation = body["propagationPolicy"].as_str().map(str::to_owned);
        options.uid = body["preconditions"]["uid"].as_str().map(str::to_owned);
        options.resource_version = body["preconditions"]["resourceVersion"].as_str().map(str::to_owned);
        orphan = body["orphanDependents"].as_bool();
        let list = body["dryRun"].as_array().into_iter().flatten();
        options.dry_run = dry_run(list.map(|v| v.as_str().unwrap_or_default()), &mut causes);
    } else {
        options.grace_period_seconds = query.number("gracePeriodSeconds")?;
        options.propagation = query.get("propagationPolicy").filter(|p| !p.is_empty()).map(str::to_owned);
        orphan = query.get("orphanDependents").map(|_| query.flag("orphanDependents"));
        options.uid = None;
        options.dry_run = dry_run(query.all("dryRun").iter().copied(), &mut causes);
    }
    if let Some(policy) = &options.propagation {
        if orphan.is_some() {
            let detail = "orphanDependents and deletionPropagation cannot be both set";
            causes.push(Cause::invalid("propagationPolicy", &json!(policy), detail));
        } else if !["Foreground", "Background", "Orphan"].contains(&policy.as_str()) {
            let supported = ["Foreground", "Background", "Orphan", "nil"];
            causes.push(Cause::not_supported("propagationPolicy", &json!(policy), &supported));
        }
    }
    if !causes.is_empty() {
        return Err(ApiError::invalid("meta.k8s.io", "DeleteOptions", "", causes));
    }
    options.orphan_dependents = orphan;
    if let Some(orphan) = orphan {
        options.propagation = Some(if orphan { "Orphan" } else { "Background" }.to_owned());
    }
    Ok(options)
}
