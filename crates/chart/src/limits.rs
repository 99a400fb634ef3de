//! How much a chart and a render may cost. Every bound is on by default; exceeding one is an error naming it.

use std::time::Duration;

/// Bounds on loading a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the compressed archive. Default 20 MiB.
    pub archive_bytes: usize,
    /// Bytes of all files together, after decompression. Default 100 MiB (Helm's `MaxDecompressedChartSize`).
    pub decompressed_bytes: u64,
    /// Bytes of one file. Default 5 MiB (Helm's `MaxDecompressedFileSize`).
    pub file_bytes: u64,
    /// Number of files, subcharts included. Default 20,000.
    pub files: usize,
    /// Charts within charts. Default 16 levels.
    pub nesting: usize,
    /// Bounds on each YAML file.
    pub yaml: pilothouse_goyaml::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive_bytes: 20 << 20,
            decompressed_bytes: 100 << 20,
            file_bytes: 5 << 20,
            files: 20_000,
            nesting: 16,
            yaml: pilothouse_goyaml::Limits::default(),
        }
    }
}

/// Bounds on one render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderLimits {
    /// Template nodes executed. Default 50 million.
    pub nodes: u64,
    /// How often a template may be including itself. Default 1,000, as Helm.
    pub include_depth: usize,
    /// Bytes of output of all templates together. Default 64 MiB.
    pub output_bytes: usize,
    /// Wall time. Default 30 s.
    pub time: Duration,
}

impl Default for RenderLimits {
    fn default() -> Self {
        Self {
            nodes: 50_000_000,
            include_depth: 1_000,
            output_bytes: 64 << 20,
            time: Duration::from_secs(30),
        }
    }
}
