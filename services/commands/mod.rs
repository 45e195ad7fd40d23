//! What the command line does. A command asks what HTTP answers: a server by its URL, or the roles' own routes
//! over the files, in this process.

mod audit;
pub mod demo;
mod detect;
mod health;
mod import;
mod in_process;
mod keys;
mod ledger;
mod log_key;
mod pager;
mod pages;
mod progress;
mod publish;
mod publishers;
mod read;
mod rebuild;
mod redact;
mod routes;
mod sealing;
pub mod serve;
mod serving;
mod table;
mod views;
mod voices;
mod watch;

use std::process::ExitCode;

use crate::shared::config::{self, Command, Role, Settings, complete};
use crate::shared::sealed::unsealed;

pub use progress::Progress;
pub use serving::{shutdown_signal, welcome};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// The answer is no.
    No,
}

/// Reads the words and settings of this process, runs the command, and answers with an exit code. 0: done. 1: the answer is no. 2: it could
/// not be done. What is awaited is compiled where it is first polled: here, and not once more in the program.
pub fn start() -> ExitCode {
    let could_not = |detail: String| {
        eprintln!("dateline: {detail}");
        ExitCode::from(2)
    };
    let settings = match config::read() {
        Ok(settings) => settings,
        Err(config::Stop::Said(code)) => return ExitCode::from(code),
        Err(config::Stop::Wrong(detail)) => return could_not(detail),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return could_not(format!("the runtime cannot start: {error}")),
    };
    match runtime.block_on(run(settings)) {
        Ok(Answer::Done) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(error) => could_not(format!("{error:#}")),
    }
}

/// Runs the command.
async fn run(mut settings: Settings) -> anyhow::Result<Answer> {
    audit::aim(&mut settings)?;
    let _copies = unsealed(&mut settings)?;
    match &settings.command {
        Command::Demo { serve, claims } => demo::run(&settings, *serve, *claims).await,
        Command::Serve => serving::serve(&settings, &Role::ALL).await,
        Command::Intake => serving::serve(&settings, &[Role::Intake]).await,
        Command::Projector => serving::serve(&settings, &[Role::Projector]).await,
        Command::Reader => serving::serve(&settings, &[Role::Reader]).await,
        Command::Archive => serving::serve(&settings, &[Role::Archive]).await,
        Command::Detector => serving::serve(&settings, &[Role::Detector]).await,
        Command::Notary => serving::serve(&settings, &[Role::Notary]).await,
        Command::Watch { pages, allow_private } => watch::run(&settings, pages, *allow_private).await,
        Command::Pages(command) => pages::run(&settings, command).await,
        Command::Health => health::run(&settings).await,
        Command::Publish { files, format } => publish::run(&settings, files, *format).await,
        Command::Import(flags) => import::run(&settings, flags).await,
        Command::Timeline { which, read, claims, retracted, at, no_pager } => {
            let told = read::TimelineFlags { claims: *claims, retracted: *retracted, no_pager: *no_pager };
            read::timeline(&settings, which, read, told, at.as_deref()).await
        }
        Command::Incidents { read, service, vendor, region, state, q, limit } => {
            let filters = [("service", service), ("vendor", vendor), ("region", region), ("state", state), ("q", q)];
            read::incidents(&settings, read, &filters, *limit).await
        }
        Command::Detect(flags) => detect::run(flags),
        Command::Rebuild => rebuild::run(&settings).await,
        Command::Redact(flags) => redact::run(&settings, flags).await,
        Command::Audit(command) => audit::run(&settings, command).await,
        Command::Ledger(command) => ledger::run(&settings, command).await,
        Command::Views(command) => views::run(&settings, command).await,
        Command::Keys(command) => keys::run(&settings, command).await,
        Command::LogKey(command) => log_key::run(&settings, command).await,
        Command::Publishers(command) => publishers::run(&settings, command).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            complete(*shell, &mut script);
            say(&String::from_utf8_lossy(&script))?;
            Ok(Answer::Done)
        }
    }
}

/// Writes to stdout; that nobody reads any more (a closed pipe) is no error.
pub fn say(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
