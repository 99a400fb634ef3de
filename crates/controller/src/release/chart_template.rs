//! The HelmChart that is made for a HelmRelease with `spec.chart`.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, ResourceExt as _};
use pilothouse_release::{api_error, desired};
use pilothouse_resources::{
    HelmChart, HelmChartSpec, HelmChartTemplate, HelmRelease, LocalHelmChartSourceReference, Verification,
    meta,
};

use super::{Error, Releases, pass::Pass};
use crate::events::Severity;

fn wanted(release: &HelmRelease, template: &HelmChartTemplate) -> HelmChart {
    let namespace = release.namespace().unwrap_or_default();
    let (chart_namespace, name) = desired::helm_chart_name(&namespace, &release.name_any(), template);
    let spec = &template.spec;
    let mut chart = HelmChart::new(
        &name,
        HelmChartSpec {
            chart: spec.chart.clone(),
            version: spec.version.clone(),
            source_ref: LocalHelmChartSourceReference {
                api_version: spec.source_ref.api_version.clone(),
                kind: spec.source_ref.kind,
                name: spec.source_ref.name.clone(),
            },
            interval: spec.interval.clone().unwrap_or_else(|| release.spec.interval.clone()),
            reconcile_strategy: spec.reconcile_strategy,
            values_files: spec.values_files.clone(),
            ignore_missing_values_files: spec.ignore_missing_values_files,
            suspend: None,
            verify: spec.verify.as_ref().map(|verify| Verification {
                provider: verify.provider,
                secret_ref: verify.secret_ref.clone(),
                match_oidc_identity: None,
                trusted_root_secret_ref: None,
            }),
        },
    );
    let given = template.metadata.as_ref();
    let mut labels: BTreeMap<String, String> =
        given.and_then(|metadata| metadata.labels.clone()).unwrap_or_default();
    labels.insert(meta::ORIGIN_NAME.to_owned(), release.name_any());
    labels.insert(meta::ORIGIN_NAMESPACE.to_owned(), namespace);
    chart.metadata.labels = Some(labels);
    chart.metadata.annotations = given.and_then(|metadata| metadata.annotations.clone());
    chart.metadata.namespace = Some(chart_namespace);
    chart
}

/// Whether a live chart is as wanted, as far as the template tells.
fn is_as_wanted(live: &HelmChart, wanted: &HelmChart) -> bool {
    let has = |live: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>| {
        wanted.iter().all(|(key, value)| live.get(key) == Some(value))
    };
    let spec = HelmChartSpec { suspend: None, ..live.spec.clone() };
    spec == wanted.spec
        && has(live.labels(), wanted.labels())
        && has(live.annotations(), wanted.annotations())
}

impl Releases {
    /// A HelmChart as the watch knows it.
    pub(super) fn chart(&self, namespace: &str, name: &str) -> Option<Arc<HelmChart>> {
        self.context.stores.charts.get(&kube::runtime::reflector::ObjectRef::new(name).within(namespace))
    }
}

impl Pass<'_> {
    /// A HelmChart, as this pass applied it or as the watch knows it: whichever is newer.
    pub(super) fn newest_chart(&self, namespace: &str, name: &str) -> Option<Arc<HelmChart>> {
        let stored = self.releases.chart(namespace, name);
        let is_it = |chart: &&Arc<HelmChart>| {
            chart.namespace().as_deref() == Some(namespace) && chart.name_any() == name
        };
        match self.applied_chart.as_ref().filter(is_it) {
            Some(applied)
                if stored
                    .as_ref()
                    .is_none_or(|stored| stored.metadata.generation < applied.metadata.generation) =>
            {
                Some(Arc::clone(applied))
            }
            _ => stored,
        }
    }

    /// Makes, updates or removes the HelmChart. Nothing is written where it is as wanted.
    pub(super) async fn sync_chart(&mut self) -> Result<(), Error> {
        let release = Arc::clone(&self.object);
        let wanted = release.spec.chart.as_ref().map(|template| wanted(&release, template));
        let reference = wanted
            .as_ref()
            .map(|chart| format!("{}/{}", chart.namespace().unwrap_or_default(), chart.name_any()));
        if self.status.helm_chart.is_some() && self.status.helm_chart != reference {
            self.delete_chart().await?;
        }
        let Some(wanted) = wanted else { return Ok(()) };
        let (namespace, name) = (wanted.namespace().unwrap_or_default(), wanted.name_any());
        let live = self.releases.chart(&namespace, &name);
        self.status.helm_chart = reference;
        if live.as_ref().is_some_and(|live| is_as_wanted(live, &wanted)) {
            return Ok(());
        }
        let api: Api<HelmChart> = Api::namespaced(self.releases.context.client.clone(), &namespace);
        let parameters = PatchParams::apply(meta::HELM_CONTROLLER).force();
        let applied = api.patch(&name, &parameters, &Patch::Apply(&wanted)).await;
        let source = &wanted.spec.source_ref;
        let source = format!("'{}/{namespace}/{}'", source.kind.as_str(), source.name);
        match applied {
            Ok(applied) => {
                // The watch may bring it later: what is read in this pass must not be the chart before.
                self.applied_chart = Some(Arc::new(applied));
                let (reason, verb) = if live.is_some() {
                    ("HelmChartConfigured", "Configured")
                } else {
                    ("HelmChartCreated", "Created")
                };
                self.event(
                    Severity::Normal,
                    reason,
                    &format!("{verb} HelmChart/{namespace}/{name} with SourceRef {source}"),
                );
                Ok(())
            }
            Err(error) => {
                let message =
                    format!("failed to apply HelmChart '{namespace}/{name}': {}", api_error::text(&error));
                self.fail_prerequisite("HelmChartSyncErr", &message).await?;
                Err(Error::Told(message))
            }
        }
    }

    /// Removes the HelmChart that the status names, if it was made for this release.
    pub(super) async fn delete_chart(&mut self) -> Result<(), Error> {
        let Some(reference) = self.status.helm_chart.take() else { return Ok(()) };
        let Some((namespace, name)) = reference.split_once('/') else { return Ok(()) };
        let api: Api<HelmChart> = Api::namespaced(self.releases.context.client.clone(), namespace);
        let ours = self.releases.chart(namespace, name).is_none_or(|chart| {
            chart.labels().get(meta::ORIGIN_NAME) == Some(&self.object.name_any())
                && chart.labels().get(meta::ORIGIN_NAMESPACE) == self.object.namespace().as_ref()
        });
        if !ours {
            return Ok(());
        }
        match api.delete(name, &DeleteParams::default()).await {
            Ok(_) => {
                self.event(
                    Severity::Normal,
                    "HelmChartDeleted",
                    &format!("deleted HelmChart '{namespace}/{name}'"),
                );
                Ok(())
            }
            Err(error) if api_error::code(&error) == Some(404) => Ok(()),
            Err(error) => {
                self.status.helm_chart = Some(reference.clone());
                Err(Error::Failed(format!(
                    "failed to delete HelmChart '{reference}': {}",
                    api_error::text(&error)
                )))
            }
        }
    }
}
