//! The rule alone, on traces written by hand: what it lets pass, and everything that it must notice.

use std::collections::BTreeMap;

use super::rule::{acknowledgements, committed, covered, in_order, receipts, stored};
use super::trace::Call;

fn call(line: usize, name: &str, target: &str, bytes: &[u8]) -> Call {
    Call { began: line, ended: line, name: name.to_owned(), target: target.to_owned(), bytes: bytes.to_vec() }
}

fn frame(line: usize, pages: u8) -> Call {
    let mut header = [0; 24];
    header[7] = pages;
    call(line, "pwrite64", "wal", &header)
}

/// Two pages of one transaction, a sync, the answer.
fn sound() -> Vec<Call> {
    vec![
        frame(0, 0),
        call(1, "pwrite64", "wal", b"..synced-000001.."),
        frame(2, 9),
        call(3, "pwrite64", "wal", b"an index"),
        call(4, "fdatasync", "wal", b""),
        call(5, "write", "socket:[1]", b"HTTP/1.1 201 Created\r\n\r\n{\"id\":\"synced-000001\"}"),
    ]
}

fn sqlite(calls: &[Call]) -> Result<usize, String> {
    let covers = covered(calls, &committed(calls, |path| path == "wal"), &receipts(calls))?;
    Ok(covers.len())
}

#[test]
fn an_answer_behind_its_sync_passes_and_one_without_is_named() {
    assert_eq!(sqlite(&sound()), Ok(1));
    let mut calls = sound();
    calls.remove(4);
    assert!(sqlite(&calls).unwrap_err().contains("synced-000001 was written to wal up to line 3 and answered on line 5 without a sync"));
}

#[test]
fn a_sync_that_begins_too_early_ends_too_late_or_is_of_another_file_is_none() {
    let changed = |change: fn(&mut Call)| {
        let mut calls = sound();
        change(&mut calls[4]);
        sqlite(&calls)
    };
    assert!(changed(|sync| sync.began = 2).is_err(), "the last page was written after it began");
    assert!(changed(|sync| sync.ended = 6).is_err(), "the answer left before it ended");
    assert!(changed(|sync| sync.target = "views".to_owned()).is_err());
    assert!(changed(|sync| sync.name = "write".to_owned()).is_err());
}

#[test]
fn what_another_transaction_writes_meanwhile_is_no_fault_and_what_was_never_written_is() {
    let mut calls = sound();
    calls[5].began = 8;
    calls[5].ended = 8;
    calls.splice(5..5, [frame(6, 9), call(7, "pwrite64", "wal", b"synced-000001 synced-000002")]);
    assert_eq!(sqlite(&calls), Ok(1));
    calls.push(call(9, "write", "socket:[1]", b"HTTP/1.1 201 Created\r\n\r\n"));
    calls.push(call(10, "write", "socket:[1]", b"{\"id\":\"synced-000002\"}"));
    assert!(sqlite(&calls).unwrap_err().contains("synced-000002 was written to wal up to line 7 and answered on line 9"));
    calls.push(call(11, "write", "socket:[1]", b"HTTP/1.1 201 Created\r\n\r\nsynced-000003"));
    calls.insert(8, call(8, "fdatasync", "wal", b""));
    assert!(sqlite(&calls).unwrap_err().contains("synced-000003 was answered and never written"));
}

#[test]
fn messages_of_a_block_are_known_by_sequence_and_an_acknowledgement_of_a_batch_speaks_of_all() {
    let message = |sequence: u8, id: &str| {
        let mut bytes = vec![12 + u8::try_from(id.len()).unwrap(), 0, 0, 128, sequence, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend(id.as_bytes());
        bytes
    };
    let block = [message(7, "synced-000007"), message(8, "synced-000008")].concat();
    let mut calls = vec![
        call(0, "pwrite64", "1.blk", &block),
        call(1, "fsync", "1.blk", b""),
        call(2, "write", "socket:[1]", b"MSG x 1 9\r\n{\"stream\":\"ledger\",\"seq\":8,\"batch\":\"b\",\"count\":2}\r\n"),
        call(3, "write", "socket:[2]", b"HTTP/1.1 201 Created\r\n\r\nsynced-000007 synced-000008"),
    ];
    let (written, sequences) = stored(&calls, |path| path == "1.blk");
    assert_eq!(sequences, BTreeMap::from([("synced-000007".to_owned(), "7".to_owned()), ("synced-000008".to_owned(), "8".to_owned())]));
    let told = acknowledgements(&calls, "ledger");
    assert_eq!(covered(&calls, &written, &told).map(|covers| covers.len()), Ok(1));
    let by_sequence = |calls: &[Call]| {
        let mut answers = receipts(calls);
        answers.iter_mut().for_each(|answer| answer.of = answer.of.iter().map(|id| sequences[id].clone()).collect());
        answers
    };
    assert_eq!(in_order(&told, &by_sequence(&calls)), Ok(()));
    calls[3].began = 1;
    assert!(in_order(&told, &by_sequence(&calls)).unwrap_err().contains("before the bus had acknowledged it"));
    calls.remove(1);
    assert!(covered(&calls, &written, &told).is_err());
}
