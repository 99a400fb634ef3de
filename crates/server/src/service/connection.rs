use crate::{Caller, problem::Problem};
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ConnectionReport {}
pub async fn test(
    _: &Caller,
    _: &str,
    _: &super::repositories::RepositoryRequest,
) -> Result<ConnectionReport, Problem> {
    Ok(ConnectionReport {})
}
pub async fn test_oci(
    _: &Caller,
    _: &str,
    _: &super::oci_repositories::OciRepositoryRequest,
) -> Result<ConnectionReport, Problem> {
    Ok(ConnectionReport {})
}
