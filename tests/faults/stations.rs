//! The house under faults: its servers, and a process a role (two intakes, two projectors, two readers, an archive), each of which can
//! be killed, stopped and started again. Which fault comes when is not known here.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::publishers::Intakes;
use crate::house::{Kept, Role};
use crate::killed::book::Chance;

/// A role comes up within this, servers that have just come back included.
const UP_WITHIN: Duration = Duration::from_secs(60);

/// What was published is told within this once everything is up.
pub const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(90);

/// By what way each role reaches its servers.
pub struct Ways {
    pub folder: PathBuf,
    /// The bus of the first intake, and of everybody else.
    pub first_intake: String,
    pub bus: String,
    /// The database of the projectors, of the first reader, and of everybody else.
    pub projectors: String,
    pub first_reader: String,
    pub database: String,
}

/// One role, which may be down.
pub struct Station {
    pub word: &'static str,
    pub kept: Kept,
    role: Option<Role>,
    /// Its number among the intakes.
    intake: Option<usize>,
}

/// All roles.
pub struct Stations {
    all: Vec<Station>,
    intakes: Intakes,
    /// How everybody else reaches the servers: without a proxy.
    pub direct: Kept,
}

impl Stations {
    /// Starts every role.
    pub fn start(ways: &Ways, intakes: &Intakes) -> Self {
        let kept =
            |ledger: &str, views: &str| Kept { folder: ways.folder.clone(), ledger: ledger.to_owned(), views: views.to_owned(), flags: Vec::new() };
        let station = |word: &'static str, kept: Kept, intake: Option<usize>| Station { word, kept, role: None, intake };
        let direct = kept(&ways.bus, &ways.database);
        let all = vec![
            station("intake", kept(&ways.first_intake, &ways.database), Some(0)),
            station("intake", direct.clone(), Some(1)),
            station("projector", kept(&ways.bus, &ways.projectors), None),
            station("projector", kept(&ways.bus, &ways.projectors), None),
            station("reader", kept(&ways.bus, &ways.first_reader), None),
            station("reader", direct.clone(), None),
            station("archive", direct.clone(), None),
        ];
        let mut stations = Self { all, intakes: intakes.clone(), direct };
        (0..stations.all.len()).for_each(|number| stations.start_again(number));
        stations
    }

    /// One of those with this word, by chance.
    pub fn any(&self, word: &str, chance: &mut Chance) -> usize {
        let numbers: Vec<usize> = (0..self.all.len()).filter(|number| self.all[*number].word == word).collect();
        numbers[usize::try_from(chance.below(numbers.len() as u64)).unwrap()]
    }

    /// Every role's number.
    pub fn numbers(&self) -> std::ops::Range<usize> {
        0..self.all.len()
    }

    pub fn kill(&mut self, number: usize) {
        if let Some(role) = self.all[number].role.take() {
            role.kill();
        }
    }

    pub fn signal(&self, number: usize, name: &str) {
        self.role(number).signal(name);
    }

    /// Starts a role, again and again until what it needs is there.
    pub fn start_again(&mut self, number: usize) {
        let station = &mut self.all[number];
        let begun = Instant::now();
        let role = loop {
            match Role::try_start(&station.kept, station.word) {
                Ok(role) => break role,
                Err(said) => assert!(begun.elapsed() < UP_WITHIN, "{} does not come up: {said}", station.word),
            }
        };
        if let Some(intake) = station.intake {
            self.intakes.put(intake, &role.url);
        }
        station.role = Some(role);
    }

    fn role(&self, number: usize) -> &Role {
        self.all[number].role.as_ref().unwrap()
    }

    /// The addresses of the roles with this word.
    pub fn urls(&self, word: &str) -> Vec<String> {
        self.all.iter().filter(|station| station.word == word).filter_map(|station| Some(station.role.as_ref()?.url.clone())).collect()
    }

    /// What every role has said on stderr, the end of it.
    pub fn said(&self) -> String {
        let tail = |number: usize| {
            let text = std::fs::read_to_string(&self.role(number).log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            format!("--- {} {number}\n{}\n", self.all[number].word, lines[lines.len().saturating_sub(12)..].join("\n"))
        };
        self.numbers().filter(|number| self.all[*number].role.is_some()).map(tail).collect()
    }
}

/// The value at a pointer of a role's `/health/ready`.
pub async fn health(url: &str, pointer: &str) -> Option<Value> {
    let answer = reqwest::get(format!("{url}/health/ready")).await.ok()?;
    answer.json::<Value>().await.ok()?.pointer(pointer).cloned()
}

/// Waits until a condition holds, which is asked for again and again; else says what was waited for.
pub async fn until<F: Future<Output = bool>>(within: Duration, mut condition: impl FnMut() -> F, what: impl FnOnce() -> String) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < within, "not within {} s: {}", within.as_secs(), what());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
