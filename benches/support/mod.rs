//! What the benches share: generated events, raw SQLite to measure against, the machine's own figures, folders that go away.

pub mod append;
pub mod generate;
pub mod machine;
pub mod raw;

/// A fresh folder that is removed with everything in it.
pub fn folder() -> tempfile::TempDir {
    let parent = std::env::temp_dir().join("bench-data");
    std::fs::create_dir_all(&parent).expect("a folder for the folders");
    tempfile::tempdir_in(parent).expect("a folder")
}
