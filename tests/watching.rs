//! A watcher reads pages politely, believes nothing that could harm it, shows what it knows, and goes on where it was when it is killed.

pub mod vendor;
pub mod process;

mod budget;
mod hostile;
mod lost;
mod measure;
mod polite;
pub mod reach;
mod shared;
mod story;
