//! Answers `score.py` and other programs: see `pilothouse_chart::batch`.
#![expect(clippy::print_stdout, reason = "standard output is the interface")]

use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead as _, Write as _};
use std::time::SystemTime;

use pilothouse_chart::batch::{Batch, Found};
use pilothouse_chart::{Limits, Random};

/// Random enough for an example: the standard library's hash seeds.
struct HashSeeds;

impl Random for HashSeeds {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let seed = std::hash::RandomState::new().build_hasher().finish().to_ne_bytes();
            chunk.copy_from_slice(&seed[..chunk.len()]);
        }
    }
}

fn main() -> std::io::Result<()> {
    let read =
        |path: &str| std::fs::read(path).map(Found::Archive).map_err(|error| format!("{path}: {error}"));
    let mut batch = Batch::new(read, &HashSeeds, SystemTime::now, Limits::default());
    for line in std::io::stdin().lock().lines() {
        println!("{}", batch.answer(&line?));
        std::io::stdout().flush()?;
    }
    Ok(())
}
