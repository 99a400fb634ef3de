//! Recorded scenarios of a real API server.
