//! Releases that must be ready first.

use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use kube_cel::{KubeCelExt as _, cel};
use pilothouse_release::expression_value;
use pilothouse_resources::{HelmRelease, condition};

use super::pass::Pass;

/// Why a release has to wait for another.
pub(super) enum Unmet {
    /// The other is not ready.
    Waiting(String),
    /// The expression cannot be read: only a change helps.
    BadExpression(String),
}

impl Pass<'_> {
    /// The first dependency that is not ready.
    pub(super) fn unmet_dependency(&self) -> Option<Unmet> {
        let own = self.object.namespace().unwrap_or_default();
        for dependency in self.object.spec.depends_on.iter().flatten() {
            let namespace = dependency.namespace.as_ref().unwrap_or(&own);
            let named = format!("{namespace}/{}", dependency.name);
            let key = ObjectRef::<HelmRelease>::new(&dependency.name).within(namespace);
            let Some(other) = self.releases.context.stores.releases.get(&key) else {
                return Some(Unmet::Waiting(format!(
                    "unable to get '{named}' dependency: helmreleases.helm.toolkit.fluxcd.io \"{}\" not found",
                    dependency.name
                )));
            };
            let ready = match &dependency.ready_expr {
                None => is_ready(&other),
                Some(expression) => match evaluate(expression, &self.object, &other) {
                    Ok(ready) => ready,
                    Err(problem) => {
                        return Some(Unmet::BadExpression(format!(
                            "failed to evaluate the ready expression of dependency '{named}': {problem}"
                        )));
                    }
                },
            };
            if !ready {
                return Some(Unmet::Waiting(format!("dependency '{named}' is not ready")));
            }
        }
        None
    }
}

fn is_ready(release: &HelmRelease) -> bool {
    release.status.as_ref().is_some_and(|status| {
        status.observed_generation == release.metadata.generation
            && condition::is_true(&status.conditions, condition::READY)
    })
}

/// Evaluates a CEL expression with the variables `self` and `dep`. A field that is not there yet is not ready.
fn evaluate(expression: &str, release: &HelmRelease, dependency: &HelmRelease) -> Result<bool, String> {
    let program = cel::Program::compile(expression).map_err(|error| error.to_string())?;
    let mut context = cel::Context::default().with_all();
    for (name, object) in [("self", release), ("dep", dependency)] {
        let json = serde_json::to_value(object).map_err(|error| error.to_string())?;
        context.add_variable_from_value(name, expression_value(&json));
    }
    match program.execute(&context) {
        Ok(cel::Value::Bool(ready)) => Ok(ready),
        Ok(_) => Err("the expression does not give a boolean".to_owned()),
        Err(cel::ExecutionError::NoSuchKey(_)) => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_resources::{HelmReleaseSpec, HelmReleaseStatus};

    use super::*;

    #[test]
    fn expressions_see_both_releases() {
        let mut dependency = HelmRelease::new("dep", HelmReleaseSpec::default());
        let release = HelmRelease::new("own", HelmReleaseSpec::default());
        let ready = |dependency: &HelmRelease, expression: &str| evaluate(expression, &release, dependency);
        assert_eq!(ready(&dependency, "dep.metadata.name == 'dep' && self.metadata.name == 'own'"), Ok(true));
        assert_eq!(ready(&dependency, "dep.status.lastAttemptedRevision == '1.0.0'"), Ok(false));
        dependency.status = Some(HelmReleaseStatus {
            last_attempted_revision: Some("1.0.0".into()),
            ..HelmReleaseStatus::default()
        });
        assert_eq!(ready(&dependency, "dep.status.lastAttemptedRevision == '1.0.0'"), Ok(true));
        dependency.metadata.generation = Some(2);
        assert_eq!(ready(&dependency, "dep.metadata.generation == 2"), Ok(true));
        assert_eq!(ready(&dependency, "dep.metadata.generation - 3 == -1"), Ok(true));
        let history = serde_json::json!({"digest": "d", "name": "dep", "namespace": "ns", "version": 1, "status": "deployed",
            "chartName": "c", "chartVersion": "1.0.0", "configDigest": "d",
            "firstDeployed": "2026-11-25T10:00:00Z", "lastDeployed": "2026-11-25T10:00:00Z"});
        dependency.status.as_mut().unwrap().history = vec![serde_json::from_value(history).unwrap()];
        let deployed = "dep.status.history[0].version == 1 && self.metadata.name == 'own'";
        assert_eq!(ready(&dependency, deployed), Ok(true));
        assert!(ready(&dependency, "dep.metadata.name").is_err());
        assert!(ready(&dependency, "not cel (").is_err());
    }
}
