//! What the help of a command shows beside its own flags: headings for the settings that every command takes, and examples. A test reads
//! each example as the program would.

use clap::Command;

/// The headings of the settings that every command takes.
pub const FILES: &str = "Where things are kept";
pub const CLIENT: &str = "Which server is asked";
pub const SERVER: &str = "How a server serves";

/// What ends the help of the whole program.
const EXIT_CODES: &str =
    "Exit codes: 0 it is done; 1 the answer is no (a line was refused, a check found something, it is not ready); 2 it could not be done.";

/// A command, and how it is used.
const EXAMPLES: [(&str, &[&str]); 40] = [
    ("demo", &["dateline demo", "dateline demo --serve"]),
    ("serve", &["dateline serve", "dateline serve --data /var/lib/dateline --listen 127.0.0.1:7310"]),
    ("intake", &["dateline intake --ledger nats://127.0.0.1:4222 --listen 127.0.0.1:7311"]),
    ("projector", &["dateline projector --ledger nats://127.0.0.1:4222 --views postgres://me@127.0.0.1/dateline"]),
    ("reader", &["dateline reader --ledger nats://127.0.0.1:4222 --views postgres://me@127.0.0.1/dateline"]),
    ("archive", &["dateline archive --ledger nats://127.0.0.1:4222 --archive postgres://me@127.0.0.1/dateline"]),
    ("detector", &["dateline detector --reports nats://127.0.0.1:4222 --url 127.0.0.1:7311 --key-file detector.key"]),
    ("notary", &["dateline notary --ledger nats://127.0.0.1:4222 --log-key-file log.key --log-origin news.example/log"]),
    ("watch", &["dateline watch pages.toml", "dateline watch pages.toml --url https://dateline.example.org --key-file watcher.key"]),
    ("pages resume", &["dateline pages resume github"]),
    ("health", &["dateline health", "dateline health --url 127.0.0.1:7310"]),
    ("publish", &["dateline publish events.ndjson", "dateline publish - --url https://dateline.example.org --key-file desk.key"]),
    (
        "import",
        &[
            "dateline import statuspage summary.json --name GitHub",
            "dateline import versions github.versions.jsonl.gz --visibility github.visibility.csv --name GitHub",
            "dateline import git snapshots --path github/incidents.json --dialect statuspage --name GitHub",
            "dateline import reports mail.csv --service mail --region IN",
        ],
    ),
    (
        "timeline",
        &[
            "dateline timeline whatsapp",
            "dateline timeline whatsapp --lang bn --claims",
            "dateline timeline whatsapp --known-at 2022-10-25T14:45 --tz Asia/Kolkata",
        ],
    ),
    ("incidents", &["dateline incidents", "dateline incidents --service whatsapp --state restored --format json"]),
    ("detect", &["dateline detect reports.csv", "dateline detect reports.csv --bucket 20 --plot out.svg"]),
    ("rebuild", &["dateline rebuild"]),
    (
        "redact",
        &[
            "dateline redact 17 --ground 'GDPR, article 17' --authority 'data protection officer, file 2026-114'",
            "dateline redact 17 --ground 'a source is in danger' --authority 'editor in chief' --yes",
        ],
    ),
    (
        "audit replay",
        &[
            "dateline audit replay",
            "dateline audit replay --until 4 --timeline whatsapp",
            "dateline audit replay --url 127.0.0.1:7310 --until 2026-11-23T12:00:00Z",
        ],
    ),
    ("audit check", &["dateline audit check receipt event.json --log-key news.example/log+01234567+AAAA"]),
    (
        "audit verify",
        &[
            "dateline audit verify",
            "dateline audit verify https://dateline.example.org --key-file auditor.key --since checkpoint.before",
            "dateline audit verify copy --format json",
        ],
    ),
    ("audit prove", &["dateline audit prove 5 --out receipt", "dateline audit prove 5 --url 127.0.0.1:7310"]),
    ("audit export", &["dateline audit export log", "dateline audit export log --url 127.0.0.1:7310 --key-file auditor.key"]),
    ("audit drift", &["dateline audit drift"]),
    ("ledger check", &["dateline ledger check", "dateline ledger check --voices --format json"]),
    ("ledger restore", &["dateline ledger restore --archive postgres://me@127.0.0.1/dateline"]),
    ("ledger copy", &["dateline ledger copy sqlite:data/ledger.db nats://127.0.0.1:4222"]),
    ("views check", &["dateline views check"]),
    (
        "keys create",
        &[
            "dateline keys create --name desk --scope publish:/desks/me --scope edit --scope read",
            "dateline keys create --name watcher --scope publish:/watchers --scope vendor:github",
        ],
    ),
    ("keys list", &["dateline keys list --format json"]),
    ("keys purge", &["dateline keys purge"]),
    ("keys revoke", &["dateline keys revoke 0184a6c2f3d1"]),
    ("publishers allow", &["dateline publishers allow monitor --scope publish:/services/x"]),
    ("publishers list", &["dateline publishers list"]),
    ("publishers revoke", &["dateline publishers revoke monitor"]),
    ("log-key show", &["dateline log-key show"]),
    ("log-key rotate", &["dateline log-key rotate"]),
    ("log-key retire", &["dateline log-key retire"]),
    ("log-key abandon", &["dateline log-key abandon --origin news.example/log"]),
    ("completions", &["dateline completions bash"]),
];

/// The same parser, with the examples behind the help of each command.
pub fn with_examples(parser: Command) -> Command {
    EXAMPLES.iter().fold(parser.after_help(EXIT_CODES), |parser, (words, lines)| {
        let help = format!("Examples:\n  {}", lines.join("\n  "));
        let words: Vec<&str> = words.split(' ').collect();
        behind(parser, &words, help)
    })
}

fn behind(command: Command, words: &[&str], help: String) -> Command {
    match words {
        [] => command.after_help(help),
        [word, rest @ ..] => {
            assert!(command.find_subcommand(word).is_some(), "there is no command {word}");
            let rest: Vec<&str> = rest.to_vec();
            command.mut_subcommand(word, move |command| behind(command, &rest, help))
        }
    }
}

#[cfg(test)]
mod tests {
    //! Every command has examples, and the program understands each as it is printed.

    use super::*;
    use crate::shared::config::Flags;

    fn leaves(command: &Command, path: &str, found: &mut Vec<String>) {
        for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
            let path = format!("{path} {}", child.get_name());
            if child.has_subcommands() { leaves(child, &path, found) } else { found.push(path.trim().to_owned()) }
        }
    }

    /// The words of a line as a shell takes them: what stands between quotation marks is one.
    fn words_of(line: &str) -> Vec<String> {
        let (mut words, mut is_quoted) = (vec![String::new()], false);
        for letter in line.chars() {
            match letter {
                '\'' => is_quoted = !is_quoted,
                ' ' if !is_quoted => words.push(String::new()),
                letter => words.last_mut().expect("a word").push(letter),
            }
        }
        words
    }

    #[test]
    fn every_command_has_examples_that_are_understood() {
        let mut commands = Vec::new();
        leaves(&Flags::parser(), "", &mut commands);
        for command in &commands {
            assert!(EXAMPLES.iter().any(|(words, _)| words == command), "dateline {command} has no example");
        }
        for (words, lines) in EXAMPLES {
            for line in lines {
                assert!(line.starts_with(&format!("dateline {words}")), "{line}");
                Flags::parser().try_get_matches_from(words_of(line)).unwrap_or_else(|error| panic!("{line}\n{error}"));
            }
        }
    }
}
