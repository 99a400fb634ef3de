//! Talks to OCI registries and HTTP chart repositories: log in, discover, list, pull, push, verify.
