//! The one executable: reads its words, runs the command, and answers with an exit code.
//! 0: done. 1: the answer is no. 2: it could not be done.

use std::process::ExitCode;

use dateline::commands;
use dateline::shared::config;

/// Folding and parsing make and drop small things by the million; the system's allocator took a third of a rebuild.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let settings = match config::read() {
        Ok(settings) => settings,
        Err(config::Stop::Said(code)) => return ExitCode::from(code),
        Err(config::Stop::Wrong(detail)) => {
            eprintln!("dateline: {detail}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("dateline: the runtime cannot start: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(commands::run(settings)) {
        Ok(commands::Answer::Done) => ExitCode::SUCCESS,
        Ok(commands::Answer::No) => ExitCode::from(1),
        Err(error) => {
            eprintln!("dateline: {error:#}");
            ExitCode::from(2)
        }
    }
}
