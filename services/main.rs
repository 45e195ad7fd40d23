//! The one executable. Everything it does stands in the library, which is so compiled once.

use std::process::ExitCode;

/// Folding and parsing make and drop small things by the million; the system's allocator took a third of a rebuild.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dateline::commands::start()
}
