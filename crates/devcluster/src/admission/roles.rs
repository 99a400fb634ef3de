//! Nobody gives rights away that they do not hold.

use serde_json::Value;

use crate::auth::Attributes;
use crate::auth::rbac;
use crate::call::Call;
use crate::cluster::Cluster;
use crate::meta;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult};

pub(super) fn confirm(
    cluster: &Cluster,
    call: &Call,
    resource: &Resource,
    namespace: &str,
    object: &Value,
    old: Option<&Value>,
) -> ApiResult<()> {
    if call.user.is_master() {
        return Ok(());
    }
    let authorizer = cluster.authorizer();
    let name = meta::text(object, "name");
    let may = |verb: &str, plural: &str, name: &str| {
        let attributes = Attributes {
            verb: verb.to_owned(),
            namespace: namespace.to_owned(),
            group: resource.group().to_owned(),
            version: "v1".to_owned(),
            resource: plural.to_owned(),
            name: name.to_owned(),
            is_resource: true,
            ..Attributes::default()
        };
        authorizer.decide(&call.user, &attributes).allowed
    };
    if matches!(resource.kind(), "Role" | "ClusterRole") {
        let unchanged = old.is_some_and(|old| old["rules"] == object["rules"]);
        if unchanged || may("escalate", &resource.plural, name) {
            return Ok(());
        }
        let wanted = rbac::rules(object);
        return authorizer.confirm_no_escalation(&call.user, namespace, &resource.plural, name, &wanted);
    }
    let same = |field: &str| old.is_some_and(|old| old[field] == object[field]);
    if same("roleRef") && same("subjects") {
        return Ok(());
    }
    let role = &object["roleRef"];
    let plural = if role["kind"] == "ClusterRole" { "clusterroles" } else { "roles" };
    if may("bind", plural, role["name"].as_str().unwrap_or_default()) {
        return Ok(());
    }
    // A role that is not there is told of as what was written.
    let missing = |_| {
        ApiError::not_found(resource.group(), &resource.plural, role["name"].as_str().unwrap_or_default())
    };
    let wanted = authorizer.referenced_rules(role, namespace).map_err(missing)?;
    authorizer.confirm_no_escalation(&call.user, namespace, &resource.plural, name, &wanted)
}
