//! The built portal inside the binary.

use std::borrow::Cow;

use pilothouse_server::PortalAssets;

/// Files of `portal/dist` by path; empty in a build without the portal (`cargo build` before `make build`).
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/portal.rs"));

/// The portal's files for the server.
pub(crate) fn assets() -> PortalAssets {
    PortalAssets::new(FILES.iter().map(|(path, bytes)| ((*path).to_owned(), Cow::Borrowed(*bytes))))
}
