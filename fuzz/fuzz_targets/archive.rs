//! The archive reader: as a `.tgz`, and the same bytes as the tar within one.
#![no_main]

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;
use pilothouse_chart::{Chart, Limits, to_archive};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits {
        archive_bytes: 1 << 20,
        decompressed_bytes: 4 << 20,
        file_bytes: 1 << 20,
        files: 200,
        nesting: 4,
        ..Limits::default()
    };
    check(bytes, &limits);
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    if zipped.write_all(bytes).is_ok()
        && let Ok(zipped) = zipped.finish()
    {
        check(&zipped, &limits);
    }
});

fn check(archive: &[u8], limits: &Limits) {
    if let Ok((name, files)) = Chart::expand_archive(archive, limits) {
        assert!(!name.is_empty() && !name.contains('/') && name != "..");
        for (path, _) in files {
            assert!(!path.starts_with('/') && !path.split('/').any(|part| part == ".."), "{path:?}");
        }
    }
    let Ok(chart) = Chart::load_archive(archive, limits) else { return };
    let Ok(packed) = to_archive(&chart, 0) else { return };
    if let Ok(again) = Chart::load_archive(&packed, &Limits::default()) {
        assert_eq!((again.name(), again.version()), (chart.name(), chart.version()));
    }
}
