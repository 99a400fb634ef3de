//! Charts on this machine, in registries and in chart repositories, for the commands that work without a server.

pub(crate) mod dependencies;
pub(crate) mod files;
pub(crate) mod locate;
pub(crate) mod remote;
pub(crate) mod repositories;
pub(crate) mod table;
pub(crate) mod unpack;

pub(crate) use locate::ChartArgs;
pub(crate) use remote::RemoteArgs;
