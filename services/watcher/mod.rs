//! The watcher: reads vendors' status pages, live and from files, and says as events what they say and how they change it.
//! What a page means is decided in `dateline_dialects`; here is when and whence it is read, and what is remembered of it.

mod book;
mod publishing;
pub mod scribe;
pub mod import;
