//! The arrows between the rooms, what the pure ones must not touch, and who alone names a driver or the environment.

use super::{none, sources};

/// Which of our crates each room may name.
const ARROWS: [(&str, &[&str]); 6] = [
    ("events/", &[]),
    ("timelines/", &["dateline_events", "dateline_status_pages"]),
    ("status_pages/", &["dateline_events"]),
    ("series/", &[]),
    ("proofs/", &[]),
    ("backends/", &["dateline_events", "dateline_timelines", "dateline_proofs"]),
];

const CRATES: [&str; 7] =
    ["dateline_events", "dateline_timelines", "dateline_status_pages", "dateline_series", "dateline_proofs", "dateline_backends", "dateline::"];

/// Roles, a folder each in services/; none names another, nor the commands.
const ROLES: [&str; 7] = ["intake", "projector", "reader", "archive", "watcher", "detector", "notary"];

/// Rooms that hold without a computer running.
const PURE: [&str; 6] = ["events/src/", "timelines/src/", "status_pages/src/", "series/src/", "proofs/src/", "services/shared/plot/"];

const IMPURE: [&str; 8] = ["tokio", "std::fs", "std::net", "std::env", "SystemTime", "getrandom", "Zoned::now", "Timestamp::now"];

/// Lines outside tests, of files under one of the folders, that hold one of the words.
fn lines_with(folders: &[&str], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources(".rs").iter().filter(|source| !source.is_test() && folders.iter().any(|folder| source.path.starts_with(folder))) {
        for (number, line) in source.code() {
            found.extend(words.iter().filter(|word| line.contains(**word)).map(|word| format!("{}:{number}: {word}", source.path)));
        }
    }
    found
}

#[test]
fn arrows_between_the_rooms_run_one_way() {
    for (room, allowed) in ARROWS {
        let forbidden: Vec<&str> =
            CRATES.into_iter().filter(|name| !allowed.contains(name) && !room.starts_with(name.trim_start_matches("dateline_"))).collect();
        none(&format!("{room} may name {allowed:?} only"), &lines_with(&[room], &forbidden));
        let manifest = sources(&format!("{room}Cargo.toml"));
        let dependencies = manifest[0].text.split("[dev-dependencies]").next().unwrap();
        for name in &forbidden {
            let name = name.replace('_', "-");
            assert!(!dependencies.lines().any(|line| line.starts_with(&name)), "{room}Cargo.toml depends on {name}");
        }
    }
}

#[test]
fn a_role_names_no_other_role_and_no_command_and_what_they_share_names_neither() {
    for room in ROLES.into_iter().chain(["shared"]) {
        let above = ROLES.into_iter().chain(["commands"]).filter(|other| *other != room);
        let above: Vec<String> = above.map(|other| format!("crate::{other}")).collect();
        let above: Vec<&str> = above.iter().map(String::as_str).collect();
        none(&format!("services/{room} names a role or the commands"), &lines_with(&[&format!("services/{room}/")], &above));
    }
}

/// A word of a language that is told besides English.
fn is_bengali(line: &str) -> bool {
    line.chars().any(|letter| ('\u{980}'..='\u{9ff}').contains(&letter))
}

#[test]
fn sentences_for_readers_stand_in_tell_alone() {
    assert!(is_bengali("    all_states: \"সব\",") && !is_bengali("    all_states: \"All\","));
    let mut found = Vec::new();
    for source in sources(".rs").iter().filter(|source| !source.is_test() && !source.path.starts_with("timelines/src/tell")) {
        let code = source.code().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
        found.extend(code.filter(|(_, line)| is_bengali(line)).map(|(number, line)| format!("{}:{number}: {line}", source.path)));
    }
    none("timelines/src/tell tells readers, and nobody else does", &found);
}

/// The texts between quotation marks of a line of code.
fn texts_of(line: &str) -> Vec<String> {
    let (mut texts, mut open, mut escaped) = (Vec::new(), None, false);
    for letter in line.replace("'\"'", "").chars() {
        match (&mut open, letter) {
            (Some(text), _) if escaped => String::push(text, letter),
            (Some(_), '"') => texts.extend(open.take()),
            (Some(text), _) => text.push(letter),
            (None, '"') => open = Some(String::new()),
            (None, _) => {}
        }
        escaped = letter == '\\' && !escaped;
    }
    texts
}

#[test]
fn sentences_for_readers_have_the_apostrophe_that_printers_use() {
    let has_ascii = |text: &String| {
        let letters: Vec<char> = text.chars().collect();
        letters.windows(3).any(|three| three[1] == '\'' && three[0].is_alphabetic() && three[2].is_alphabetic())
    };
    assert!(texts_of(r#"  ("it\"s", 'x', "isn't")"#).iter().any(has_ascii) && !texts_of("let told: &'a str = \"isn’t\";").iter().any(has_ascii));
    let mut found = Vec::new();
    for source in sources(".rs").iter().filter(|source| !source.is_test() && source.path.starts_with("timelines/src/tell")) {
        found.extend(
            source
                .code()
                .flat_map(|(number, line)| texts_of(line).into_iter().filter(has_ascii).map(move |text| (number, text)))
                .map(|(number, text)| format!("{}:{number}: {text}", source.path)),
        );
    }
    none("a reader sees ’ (U+2019), never '", &found);
}

#[test]
fn client_and_server_do_not_name_each_other_in_a_circle() {
    none("what answers names no client", &lines_with(&["services/shared/http/", "services/shared/stores.rs"], &["api_client", "publisher::"]));
    let in_process =
        ["services/commands/routes.rs", "services/commands/in_process.rs", "services/shared/api_client.rs", "services/shared/publisher/"];
    none("a client, also of routes in this process, starts no server", &lines_with(&in_process, &["serve::", "serving::", "Listener"]));
}

#[test]
fn services_holds_a_folder_a_role_and_two_more() {
    let is_known = |path: &str| match path.split_once('/') {
        Some((folder, _)) => ROLES.contains(&folder) || ["commands", "shared"].contains(&folder),
        None => ["lib.rs", "main.rs"].contains(&path),
    };
    let all = sources(".rs");
    let loose = all.iter().filter(|source| source.path.strip_prefix("services/").is_some_and(|path| !is_known(path)));
    none("services/ holds a folder a role, commands/ and shared/", &loose.map(|source| source.path.clone()).collect::<Vec<_>>());
}

#[test]
fn the_driver_of_sqlite_is_named_in_one_room_only() {
    let elsewhere = lines_with(&[""], &["rusqlite"]).into_iter().filter(|line| !line.starts_with("backends/src/embedded/")).collect::<Vec<_>>();
    none("rusqlite is named in backends/src/embedded only", &elsewhere);
}

#[test]
fn the_drivers_of_the_bus_and_the_database_are_named_in_one_room_only() {
    let named = lines_with(&[""], &["async_nats", "postgres::", "use postgres"]);
    let elsewhere = named.into_iter().filter(|line| !line.starts_with("backends/src/distributed/")).collect::<Vec<_>>();
    none("async_nats and postgres are named in backends/src/distributed only", &elsewhere);
}

#[test]
fn only_config_reads_the_environment() {
    let words = ["std::env::", "env::var", "env::args"];
    let lines = lines_with(&[""], &words);
    let elsewhere: Vec<String> = lines.into_iter().filter(|line| !line.starts_with("services/shared/config/")).collect();
    let mut faults = Vec::new();
    for source in sources(".rs") {
        for (number, line) in source.code().filter(|(_, line)| !line.contains("env::temp_dir")) {
            let place = format!("{}:{number}: ", source.path);
            faults.extend(elsewhere.iter().filter(|found| found.starts_with(&place)).map(|found| format!("{found}  {}", line.trim())));
        }
    }
    none("only services/shared/config reads the environment", &faults);
}

#[test]
fn the_pure_rooms_touch_no_clock_no_files_no_network_and_no_chance() {
    none("events and timelines are pure", &lines_with(&PURE, &IMPURE));
}
