//! The few lines a person needs once everything runs.

use super::{cluster::Cluster, data_dir::DataDir};
use crate::output::line;

/// Says where the portal is, how to sign in, and how `kubectl` and `helm` reach the cluster.
pub(crate) fn print(place: &str, sign_in: &str, data_dir: &DataDir, cluster: &Cluster) {
    line(format!("Pilothouse runs at {place}"));
    line(format!("  sign in:  {place}{sign_in}"));
    if cluster.is_embedded() {
        let kubeconfig = data_dir.join("kubeconfig");
        line(format!(
            "  cluster:  export KUBECONFIG={}    # kubectl and helm, workloads are simulated",
            kubeconfig.display()
        ));
    }
    line(format!("  state:    {}", data_dir.path().display()));
    line("  stop:     Ctrl-C");
}

/// The same where no token is at hand: the person brings one of the cluster's.
pub(crate) fn print_without_link(place: &str, data_dir: &DataDir) {
    line(format!("Pilothouse runs at {place}"));
    line("  sign in:  with a token of the cluster (kubectl create token NAME)");
    line(format!("  cli:      pilothouse login {place}"));
    line(format!("  state:    {}", data_dir.path().display()));
}
