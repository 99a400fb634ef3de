//! The one binary, `pilothouse`: parses arguments, prints results, starts the parts above.

fn main() {}
