//! Names of the annotations, labels and finalizers that the API promises.

/// Finalizer on every managed object of both groups (Flux: `finalizers.fluxcd.io`).
pub const FINALIZER: &str = "finalizers.fluxcd.io";
/// Any change of this annotation's value requests a reconcile; echoed in `status.lastHandledReconcileAt`.
pub const RECONCILE_REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// Forces one Helm upgrade where its value equals the unhandled `requestedAt`.
pub const FORCE_AT: &str = "reconcile.fluxcd.io/forceAt";
/// Resets the failure counters where its value equals the unhandled `requestedAt`.
pub const RESET_AT: &str = "reconcile.fluxcd.io/resetAt";
/// Label of ConfigMaps and Secrets whose change wakes the releases that name them in `valuesFrom`.
pub const WATCH_LABEL: &str = "reconcile.fluxcd.io/watch";
/// Label naming the HelmRelease an object was made for.
pub const ORIGIN_NAME: &str = "helm.toolkit.fluxcd.io/name";
/// Label naming the namespace of the HelmRelease an object was made for.
pub const ORIGIN_NAMESPACE: &str = "helm.toolkit.fluxcd.io/namespace";
/// Label or annotation that, set to `disabled`, excludes an object from drift detection.
pub const DRIFT_DETECTION: &str = "helm.toolkit.fluxcd.io/driftDetection";
/// Prefix of annotations that are copied into the metadata of events.
pub const EVENT_PREFIX: &str = "event.toolkit.fluxcd.io/";

/// Group of HelmRepository, HelmChart and OCIRepository.
pub const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";
/// Group of HelmRelease.
pub const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";
/// Field manager and reporting controller of the sources' reconcilers.
pub const SOURCE_CONTROLLER: &str = "source-controller";
/// Field manager and reporting controller of the releases' reconciler.
pub const HELM_CONTROLLER: &str = "helm-controller";
/// Field manager of the objects of a release: Helm's own, so that the `helm` command line meets no conflicts.
pub const HELM_FIELD_MANAGER: &str = "helm";
