//! Objects in memory (as bytes), their recent changes, and the SQLite file behind them.

mod object;

pub use object::{Change, ChangeKind, Object};
