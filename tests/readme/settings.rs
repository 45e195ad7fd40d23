//! docs/settings.md is made of the flags themselves: every setting with its flag, its environment and its name in a file, and every command.

use std::fmt::Write as _;
use std::path::Path;

use dateline::shared::config::Flags;

use crate::support::{folder, run};

/// What stands above the tables.
const HEAD: &str = "\
# Settings and commands

This page is generated from the program's own flags: `DATELINE_REWRITE=1 cargo test --test main readme::settings` writes it.

A setting is taken from its flag, else from the environment, else from the TOML file that `--config` names (`dateline.toml` in the current
folder, if there is one), else it has its default. The help of every command has the same words: `dateline COMMAND --help`.
Exit codes: 0 done, 1 the answer is no, 2 it could not be done.

No password and no key is ever printed. Give them in files: `password_file=PATH` in an address, `--key-file` for an API key.
";

/// The names that a file of settings may have, as the program itself lists them for one that it does not know.
fn names_in_a_file() -> Vec<String> {
    let (_folder, data) = folder();
    std::fs::write(data.join("dateline.toml"), "nonsense = 1\n").unwrap();
    let said = String::from_utf8(run(&data, &["incidents"]).stderr).unwrap();
    let (_, listed) = said.split_once("expected one of ").unwrap_or_else(|| panic!("no names are listed: {said}"));
    // A former name is known only to be refused.
    listed.split('`').skip(1).step_by(2).filter(|name| *name != "keep").map(ToOwned::to_owned).collect()
}

/// In one cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn help(arg: &clap::Arg) -> String {
    cell(&arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default())
}

/// A flag or a positional argument as it is written on the command line.
fn written(arg: &clap::Arg) -> String {
    let values: Vec<String> = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let takes_value = arg.get_action().takes_values();
    match arg.get_long() {
        Some(long) if takes_value => format!("--{long} {}", values.join(" ")),
        Some(long) => format!("--{long}"),
        None => values.join(" "),
    }
}

fn settings(parser: &clap::Command, in_a_file: &[String]) -> String {
    let mut text = String::from("\n## Settings\n\n| flag | environment | in a file | what it is |\n|---|---|---|---|\n");
    for arg in parser.get_arguments().filter(|arg| arg.is_global_set() && !arg.is_hide_set() && arg.get_long().is_some_and(|long| long != "help")) {
        let environment = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
        let long = arg.get_long().unwrap();
        let plural = long.strip_suffix('y').map_or(format!("{long}s"), |stem| format!("{stem}ies"));
        let name = in_a_file.iter().find(|name| *name == long || **name == plural);
        let name = name.map(|name| format!("`{name}`")).unwrap_or_default();
        writeln!(text, "| `{}` | {environment} | {name} | {} |", cell(&written(arg)), help(arg)).unwrap();
    }
    text
}

/// What a flag of a command may be given, and what holds where it is not; its help may say so already.
fn values(arg: &clap::Arg, help: &str) -> String {
    let mut text = String::new();
    if !arg.get_action().takes_values() {
        return text;
    }
    let choices: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if !choices.is_empty() {
        write!(text, " [one of {}]", choices.join(", ")).unwrap();
    }
    let defaults: Vec<String> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() && !help.contains("[default: ") {
        write!(text, " [default: {}]", defaults.join(" ")).unwrap();
    }
    text
}

/// A command with its own flags.
fn command_alone(command: &clap::Command, path: &str) -> String {
    let flags: Vec<&clap::Arg> = command.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help").collect();
    let positional: String = flags.iter().filter(|arg| arg.is_positional()).map(|arg| format!(" {}", written(arg))).collect();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let about: Vec<String> = about.split("\n\n").map(cell).collect();
    let mut text = format!("\n### `{path}{positional}`\n\n{}\n", about.join("\n\n"));
    if !flags.is_empty() {
        text.push('\n');
    }
    for arg in flags {
        let help = help(arg);
        writeln!(text, "- `{}`: {help}{}", written(arg), values(arg, &help)).unwrap();
    }
    text
}

/// The commands, and those below them.
fn commands(parser: &clap::Command, path: &str) -> String {
    let mut text = String::new();
    for command in parser.get_subcommands().filter(|command| command.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        if command.get_subcommands().next().is_none() {
            text += &command_alone(command, &path);
        }
        text += &commands(command, &path);
    }
    text
}

#[test]
fn the_page_of_settings_is_what_the_flags_say() {
    let mut parser = Flags::parser();
    parser.build();
    let in_a_file = names_in_a_file();
    let mut text = HEAD.to_owned() + &settings(&parser, &in_a_file);
    let listed = in_a_file.iter().filter(|name| text.contains(&format!("| `{name}` |"))).count();
    assert_eq!(listed, in_a_file.len(), "each name in a file belongs to a flag: {in_a_file:?}");
    text += "\n## Commands\n";
    text += &commands(&parser, "dateline");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    if std::env::var_os("DATELINE_REWRITE").is_some_and(|value| value == "1") {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/settings.md is not what the flags say: run this test with DATELINE_REWRITE=1 and read the difference");
}
