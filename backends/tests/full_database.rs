//! On a database whose disk is really full (a tablespace on a small tmpfs) a page is refused whole, reading goes on, and the same
//! page is taken when there is room again. Mounting needs root.

use std::path::{Path, PathBuf};
use std::process::Command;

use dateline_backends::{Archive, ArchiveError, Record, Views, ViewsError};
use dateline_events::Instant;
use dateline_timelines::rows::Rows;

use crate::needs;
use crate::postgres::{Fsync, Postgres};
use crate::support::{event_row, key};

const DISK_MIB: usize = 40;
const BALLAST_MIB: usize = 12;

/// Pages at most until the disk is full.
const MAX_PAGES: u64 = 200;

/// A small disk, unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Result<Self, String> {
        std::fs::create_dir(at).unwrap();
        let size = format!("size={DISK_MIB}m,mode=0777");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "dateline-test"]).arg(at).output().unwrap();
        if mounted.status.success() { Ok(Self(at.to_owned())) } else { Err(String::from_utf8_lossy(&mounted.stderr).into_owned()) }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, since the server may just be ending.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// A server with a database on the small disk; the disk is unmounted before the server removes its folder.
fn small_database() -> Option<(Postgres, Disk, String)> {
    if !needs::root("mount a small disk") {
        return None;
    }
    let folder = std::env::temp_dir().join(format!("dateline-full-database-{}-{:?}", std::process::id(), std::thread::current().id()));
    let server = Postgres::start_in(folder.clone(), Fsync::Off);
    let disk = needs::found("no small disk can be mounted here", Disk::mount(&folder.join("disk")))?;
    let tablespace = folder.join("disk/tablespace");
    std::fs::create_dir(&tablespace).unwrap();
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder.join("data")).unwrap());
    std::os::unix::fs::chown(&tablespace, Some(owner), Some(owner)).unwrap();
    server.sql("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", tablespace.display()));
    server.sql("postgres", "CREATE DATABASE small TABLESPACE small");
    std::fs::write(folder.join("disk/ballast"), vec![0; BALLAST_MIB << 20]).unwrap();
    let url = server.url("small");
    Some((server, disk, url))
}

#[tokio::test]
async fn the_views_say_that_the_disk_of_the_database_is_full_and_go_on_when_there_is_room() {
    let Some((_server, disk, url)) = small_database() else { return };
    let views = Views::open(&url, 1).await.unwrap();
    let generation = views.serving().await.unwrap();
    // What cannot be compressed, or the disk would never fill.
    let bytes: Vec<u8> = (0_u64..40_000).flat_map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()).collect();
    let page = |position: u64| {
        let mut row = event_row(position);
        row.bytes = Some(bytes.clone());
        Rows { events: vec![row], ..Rows::default() }
    };
    let mut cursor = 0;
    let refused = loop {
        match views.commit(generation, cursor, cursor + 1, page(cursor + 1)).await {
            Ok(()) => cursor += 1,
            Err(error) => break error,
        }
        assert!(cursor < MAX_PAGES, "the disk never gets full");
    };
    assert_eq!(refused, ViewsError::Full);
    assert!(cursor > 0, "nothing fits on the disk: the test is broken");
    assert_eq!((views.cursor(generation).await, views.event(cursor + 1).await.unwrap().value), (Ok(cursor), None));
    assert_eq!(views.event(cursor).await.unwrap().value.unwrap().0, page(cursor).events[0], "readers go on");
    std::fs::remove_file(disk.0.join("ballast")).unwrap();
    views.commit(generation, cursor, cursor + 1, page(cursor + 1)).await.unwrap();
    assert_eq!(views.event(cursor + 1).await.unwrap().position, cursor + 1);
}

#[tokio::test]
async fn the_archive_says_that_the_disk_of_the_database_is_full_and_goes_on_when_there_is_room() {
    let Some((_server, disk, url)) = small_database() else { return };
    let archive = Archive::open(&url).await.unwrap();
    let bytes: Vec<u8> = (0_u64..40_000).flat_map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()).collect();
    let record = |position: u64| {
        let (source, id, bytes) = (String::new(), String::new(), Some(bytes.clone()));
        Record { position, recorded: Instant(1), key: key(position), salt: Some([1; 32]), source, id, bytes }
    };
    let mut head = 0;
    let refused = loop {
        match archive.put(vec![record(head + 1)]).await {
            Ok(position) => head = position,
            Err(error) => break error,
        }
        assert!(head < MAX_PAGES, "the disk never gets full");
    };
    assert_eq!((refused, archive.head().await), (ArchiveError::Full, Ok(head)));
    std::fs::remove_file(disk.0.join("ballast")).unwrap();
    assert_eq!(archive.put(vec![record(head + 1)]).await, Ok(head + 1));
}
