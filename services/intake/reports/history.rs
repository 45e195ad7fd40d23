//! A history of totals: a flush of its own, named after what it says, so that the same import twice is one.

use dateline_backends::{Appended, Reports, ReportsError};
use dateline_events::reports::{Count, Flush, Run};
use sha2::{Digest, Sha256};

/// What stands before the counts that the name is made of.
const NAMED: &[u8] = b"dateline/reports/v1\n";

/// Appends the counts of a request, in their order, without waiting for others.
pub(super) async fn append(reports: &Reports, counts: Vec<Count>) -> Result<Appended, ReportsError> {
    let mut flush = Flush::new(Run(0), 1, counts);
    let bytes = flush.bytes().map_err(|error| ReportsError::Engine(format!("a flush cannot be written: {error}")))?;
    flush.run = Run::of_hash(&Sha256::new().chain_update(NAMED).chain_update(bytes).finalize().into());
    reports.append(&flush).await
}
