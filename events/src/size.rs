//! How much memory an event takes, estimated: whoever keeps many of them bounds them by bytes.

use std::io::{Result, Write};

use crate::{Event, Source};

impl Event {
    /// So many bytes it takes in memory, estimated: itself, its sources, and its texts by the length of their JSON. Costs about as much as
    /// writing it.
    pub fn bytes_in_memory(&self) -> usize {
        let mut texts = Length(0);
        // What cannot be written has no length; every event can.
        let _ = serde_json::to_writer(&mut texts, &(&self.common, &self.kind));
        let names = self.source.len() + self.id.len() + self.subject.len();
        size_of::<Self>() + self.common.sources.len() * size_of::<Source>() + names + texts.0
    }
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
