//! The custom resources users write, their conditions and the CRD manifests.
