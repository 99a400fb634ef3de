//! Watches the resources and brings the cluster to the wanted state.
