//! Turns a chart archive and values into ordered manifests, hooks and notes.
