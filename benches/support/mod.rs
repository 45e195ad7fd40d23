//! What the benches share: generated events, raw SQLite to measure against, a bare HTTP client, the machine's own figures.

pub mod append;
pub mod generate;
pub mod machine;
pub mod raw;
