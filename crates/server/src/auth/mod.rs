//! Who may come in: tokens, sessions, one-time links, and what a foreign web page may not do.

pub(crate) mod guard;
pub(crate) mod hosts;
pub(crate) mod links;
pub(crate) mod sealed;
pub(crate) mod session;
