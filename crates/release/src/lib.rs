//! Observes a release, decides the one next action, performs it.
