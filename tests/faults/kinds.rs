//! The kinds of faults of a house on one nats-server and one PostgreSQL, and how each is brought about. What must hold afterwards is
//! not known here.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::stations::{Stations, until};
use crate::killed::book::Chance;
use crate::nats::Nats;
use crate::postgres::Postgres;
use crate::proxy::{COMMIT, Lose, Proxy, ROWS};

/// A server or a role is stopped for so long, in milliseconds: now less, now more than clients wait for a sign of life.
const STOPPED_MS: std::ops::Range<u64> = 200..7_000;

/// What was killed stays down for so long at most, in milliseconds.
const DOWN_MS: u64 = 1_500;

/// A trap springs within this: there is always somebody who publishes.
const SPRINGS_WITHIN: Duration = Duration::from_secs(60);

/// What an intake sends to append, and what it is answered.
const APPEND: &[u8] = b"HPUB ledger.";
const STORED: &[u8] = b"\"stream\":\"ledger\"";

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    BusKilled,
    BusStopped,
    PublishLost,
    AcknowledgementLost,
    DatabaseKilled,
    DatabaseRestarted,
    DatabaseStopped,
    DatabaseRestartedInMidCopy,
    ProjectorTerminatedInMidCopy,
    CommitLost,
    CommitAnswerLost,
    ReaderWithStaleConnections,
    IntakeWithStaleConnection,
    Killed(&'static str),
    Stopped(&'static str),
    EverythingKilled,
}

impl Kind {
    pub const ALL: [Self; 22] = [
        Self::BusKilled,
        Self::BusStopped,
        Self::PublishLost,
        Self::AcknowledgementLost,
        Self::DatabaseKilled,
        Self::DatabaseRestarted,
        Self::DatabaseStopped,
        Self::DatabaseRestartedInMidCopy,
        Self::ProjectorTerminatedInMidCopy,
        Self::CommitLost,
        Self::CommitAnswerLost,
        Self::ReaderWithStaleConnections,
        Self::IntakeWithStaleConnection,
        Self::Killed("intake"),
        Self::Killed("projector"),
        Self::Killed("reader"),
        Self::Killed("archive"),
        Self::Stopped("intake"),
        Self::Stopped("projector"),
        Self::Stopped("reader"),
        Self::Stopped("archive"),
        Self::EverythingKilled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::BusKilled => "nats-server killed",
            Self::BusStopped => "nats-server stopped and continued",
            Self::PublishLost => "publish lost before nats-server",
            Self::AcknowledgementLost => "acknowledgement lost behind nats-server",
            Self::DatabaseKilled => "PostgreSQL killed",
            Self::DatabaseRestarted => "PostgreSQL restarted",
            Self::DatabaseStopped => "PostgreSQL stopped and continued",
            Self::DatabaseRestartedInMidCopy => "PostgreSQL restarted in mid-COPY",
            Self::ProjectorTerminatedInMidCopy => "projector's backend terminated in mid-COPY",
            Self::CommitLost => "commit lost before PostgreSQL",
            Self::CommitAnswerLost => "commit's answer lost behind PostgreSQL",
            Self::ReaderWithStaleConnections => "reader with stale connections",
            Self::IntakeWithStaleConnection => "intake with a stale connection",
            Self::Killed("intake") => "intake killed",
            Self::Killed("projector") => "projector killed",
            Self::Killed("reader") => "reader killed",
            Self::Killed(_) => "archive killed",
            Self::Stopped("intake") => "intake stopped and continued",
            Self::Stopped("projector") => "projector stopped and continued",
            Self::Stopped("reader") => "reader stopped and continued",
            Self::Stopped(_) => "archive stopped and continued",
            Self::EverythingKilled => "all servers and roles killed at once",
        }
    }
}

/// What faults are done to.
pub struct Target {
    pub bus: Nats,
    pub database: Arc<Postgres>,
    pub to_bus: Proxy,
    pub to_database: Proxy,
    pub reader_to_database: Proxy,
    pub stations: Stations,
}

/// The fault itself lasts so long: nothing is waited for.
pub fn lasts(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

pub fn stopped_ms(chance: &mut Chance) -> u64 {
    STOPPED_MS.start + chance.below(STOPPED_MS.end - STOPPED_MS.start)
}

pub fn down_ms(chance: &mut Chance) -> u64 {
    chance.below(DOWN_MS)
}

impl Target {
    /// Brings a fault about, and puts an end to it.
    pub async fn inject(&mut self, kind: Kind, chance: &mut Chance) {
        match kind {
            Kind::BusKilled => {
                self.bus.kill();
                self.reads_go_on().await;
                lasts(down_ms(chance));
                self.bus.restart();
            }
            Kind::BusStopped => {
                self.bus.signal("STOP");
                self.reads_go_on().await;
                lasts(stopped_ms(chance));
                self.bus.signal("CONT");
            }
            Kind::PublishLost => {
                self.to_bus.set_trap(APPEND, Lose::Question, || {});
                springs(&self.to_bus, kind).await;
            }
            Kind::AcknowledgementLost => {
                self.to_bus.lose_answer_to(APPEND, STORED);
                springs(&self.to_bus, kind).await;
            }
            Kind::DatabaseKilled => {
                self.database.kill("KILL");
                lasts(down_ms(chance));
                self.database.start_again();
            }
            Kind::DatabaseRestarted => self.database.restart(),
            Kind::DatabaseStopped => {
                self.database.signal_all("STOP");
                lasts(stopped_ms(chance));
                self.database.signal_all("CONT");
            }
            Kind::DatabaseRestartedInMidCopy => self.in_mid_copy(kind, |database| database.restart()).await,
            Kind::ProjectorTerminatedInMidCopy => {
                let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY%'";
                self.in_mid_copy(kind, move |database| assert!(database.sql("postgres", terminate).starts_with('t'))).await;
            }
            Kind::CommitLost | Kind::CommitAnswerLost => {
                let lose = if kind == Kind::CommitLost { Lose::Question } else { Lose::Answer };
                self.to_database.set_trap(COMMIT, lose, || {});
                springs(&self.to_database, kind).await;
            }
            Kind::ReaderWithStaleConnections => {
                assert!(self.reader_to_database.cut() > 0, "the reader had no connection");
                // Each of the reader's threads finds out by itself; none of them lets a reader of ours notice.
                let url = self.stations.urls("reader").remove(0);
                for question in 0..8 {
                    let answer = reqwest::get(format!("{url}/v1/incidents?limit={}", question + 1)).await.unwrap();
                    assert_eq!(answer.status(), 200, "with a stale connection: {}", answer.text().await.unwrap());
                }
            }
            Kind::IntakeWithStaleConnection => assert!(self.to_bus.cut() > 0, "the intake had no connection"),
            Kind::Killed(word) => {
                let number = self.stations.any(word, chance);
                self.stations.kill(number);
                lasts(down_ms(chance) / 2);
                self.stations.start_again(number);
            }
            Kind::Stopped(word) => {
                let number = self.stations.any(word, chance);
                self.stations.signal(number, "STOP");
                lasts(stopped_ms(chance));
                self.stations.signal(number, "CONT");
            }
            Kind::EverythingKilled => {
                self.bus.kill();
                self.stations.numbers().for_each(|number| self.stations.kill(number));
                self.database.kill("KILL");
                self.database.start_again();
                self.bus.restart();
                self.stations.numbers().for_each(|number| self.stations.start_again(number));
            }
        }
    }

    /// While the bus is away readers tell what they know.
    async fn reads_go_on(&self) {
        for url in self.stations.urls("reader") {
            let answer = reqwest::get(format!("{url}/v1/incidents?limit=3")).await.unwrap();
            assert_eq!(answer.status(), 200, "while the bus is away: {}", answer.text().await.unwrap());
        }
    }

    /// Does something while the server has begun a COPY and waits for its rows.
    async fn in_mid_copy(&self, kind: Kind, act: impl FnOnce(&Postgres) + Send + 'static) {
        let (database, (tell, told)) = (Arc::clone(&self.database), channel());
        self.to_database.set_trap(ROWS, Lose::Nothing, move || {
            let copying = database.sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY%'");
            act(&database);
            tell.send(copying).unwrap();
        });
        springs(&self.to_database, kind).await;
        let copying = tokio::task::block_in_place(|| told.recv_timeout(SPRINGS_WITHIN)).unwrap();
        assert_ne!(copying, "0", "nothing was in mid-COPY");
    }
}

async fn springs(proxy: &Proxy, kind: Kind) {
    until(SPRINGS_WITHIN, || async { proxy.has_sprung() }, || format!("{}: it never came by", kind.name())).await;
}
