//! Where it is kept: the contracts of the doors `Ledger`, `Views`, `StateStore`, `RoleState`, `Reports` and of the archive, and the engines
//! behind them.
//!
//! No domain rule lives here: which incident, which claim and which words are decided in `timelines`. Nothing is read from
//! the environment, and no role is known. Only `embedded` names SQLite, only `distributed` NATS and PostgreSQL.

mod address;
mod archive;
mod clock;
mod distributed;
mod embedded;
mod heads;
mod inbox;
mod state_store;
mod role_state;
mod ledger;
mod ledger_error;
mod facets;
mod once;
mod query;
mod redaction;
mod reports;
mod secret_file;
mod soundness;
mod threads;
mod views;

pub use address::Address;
pub use archive::{Archive, ArchiveError};
pub use clock::{Clocks, Step, ahead_of_the_clock_s, now};
pub use embedded::is_sealed;
pub use heads::KnownHead;
pub use inbox::{Delivery, Inbox, InboxError, MAX_DELIVERIES, MAX_HEADER_BYTES, MAX_MESSAGE_BYTES, MAX_REPLY_SUBJECT_BYTES};
pub use ledger::{
    Follower, Head, Ledger, LedgerOptions, LedgerRole, MAX_BATCH_EVENTS, MAX_FOUND_KEYS, MAX_PAGE_BYTES, MAX_PAGE_RECORDS, NewEvent, Outcome, Page,
    Receipt, Record,
};
pub use ledger_error::LedgerError;
pub use query::{Change, EventState, Group, ListQuery, MAX_FILTER_VALUES, MAX_LISTED_ROWS, Members, Order};
pub use redaction::REDACTION_SOURCE;
pub use reports::{Appended, FlushPage, KeptFlush, MAX_PAGE_FLUSHES, MAX_REPORTS_PAGE_BYTES, REPORTS_KEPT_DAYS, Reports, ReportsError};
pub use role_state::{MAX_ROLE_STATE_ENTRIES, RoleState, RoleStateError};
pub use secret_file::secret_in_file;
pub use soundness::{CheckedRecord, Commitment, Soundness};
pub use state_store::{MAX_LISTED_KEYS, MAX_UPDATE_TRIES, MAX_VALUE_BYTES, Revision, StateEntry, StateError, StateStore};
pub use views::{Answer, Generation, MAX_INCIDENT_EVENTS, Reached, SetAside, Views, ViewsError};
