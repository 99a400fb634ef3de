#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Newer {}
