use crate::output;

/// Prints the CRDs as a YAML stream, for `kubectl apply --server-side -f -`.
pub(crate) fn run() -> anyhow::Result<()> {
    for crd in pilothouse_resources::crds::all() {
        output::line("---");
        output::raw(output::yaml(&crd)?.as_bytes());
    }
    Ok(())
}
