//! Serves the JSON API and the built portal.
