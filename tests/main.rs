//! One integration binary: a module a promise, against the real executable and real files.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;
mod asking;

mod access;
mod commands;
mod full_disk;
mod intake;
mod killed;
mod openapi;
mod poison;
mod reading;
mod tidy;
