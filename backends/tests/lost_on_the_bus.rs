//! What is lost between us and the bus costs time alone: a question that never arrived, an acknowledgement that never came back, and a
//! refusal in the words of a server that has a copy in flight. One outcome each, as if nothing had been lost.

use dateline_backends::{Ledger, LedgerOptions, RoleState, StateError, StateStore};

use crate::nats::Nats;
use crate::proxy::{Lose, Proxy};
use crate::support::{event, events, receipts};

/// What a message to the ledger, and one to the state store, begins with on the wire.
const TO_THE_LEDGER: &[u8] = b"HPUB ledger.";
const TO_THE_STATE_STORE: &[u8] = b"HPUB $KV.state.";

/// The same for the role state, whose values have no headers, and for a question that takes a key out of it.
const TO_THE_ROLE_STATE: &[u8] = b"PUB $KV.role_state.";
const PURGE_OF_A_ROLE: &[u8] = b"PUB $JS.API.STREAM.PURGE.KV_role_state";

/// What ends a batch.
const COMMIT: &[u8] = b"Nats-Batch-Commit: 1";

/// Acknowledgements.
const LEDGER_STORED: &[u8] = b"{\"stream\":\"ledger\",\"seq\":";
const STATE_STORED: &[u8] = b"{\"stream\":\"KV_state\",";
const ROLE_STATE_STORED: &[u8] = b"{\"stream\":\"KV_role_state\",";
const PURGED: &[u8] = b"stream_purge_response";

/// "Wrong last sequence", and the same while a copy is in flight, which one server hardly ever says.
const WRONG_LAST: &[u8] = b"\"err_code\":10071";
const IN_FLIGHT: &[u8] = b"\"err_code\":10164";

/// A server, and the way to it that can break.
struct Way {
    server: Nats,
    proxy: Proxy,
}

impl Way {
    fn new() -> Self {
        let server = Nats::start();
        let proxy = Proxy::to(server.port);
        Self { server, proxy }
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}?monitor=http://127.0.0.1:{}", self.proxy.port(), self.server.monitor)
    }

    async fn ledger(&self) -> Ledger {
        Ledger::open(&self.url(), LedgerOptions::writer()).await.unwrap()
    }
}

/// One append of so many events, of which something is lost.
async fn append_is_settled(count: usize, what: &str, lose: impl FnOnce(&Proxy)) {
    let way = Way::new();
    let ledger = way.ledger().await;
    ledger.append(events(1, 1)).await.unwrap();
    lose(&way.proxy);
    let stored = receipts(ledger.append(events(2, 1 + count)).await.unwrap());
    assert!(way.proxy.has_sprung(), "{what}: nothing was lost");
    assert!(stored.iter().all(|receipt| receipt.fresh), "{what}: our own events were told as somebody else's");
    let expected = 2..=1 + count as u64;
    assert!(stored.iter().map(|receipt| receipt.position).eq(expected.clone()), "{what}: {stored:?}");
    assert_eq!(ledger.head().await.unwrap().position, *expected.end(), "{what}");
    let page = ledger.follow(1).next().await.unwrap();
    assert!(
        page.records.iter().map(|record| (record.position, record.recorded)).eq(stored.iter().map(|receipt| (receipt.position, receipt.recorded)))
    );
    assert_eq!(receipts(ledger.append(events(1, 2 + count)).await.unwrap())[1 + count].position, 2 + count as u64, "{what}: it goes on");
}

#[tokio::test]
async fn an_append_is_stored_once_and_told_as_new_whatever_was_lost_of_it() {
    let question = |message: &'static [u8]| move |proxy: &Proxy| proxy.set_trap(message, Lose::Question, || {});
    let answer = |proxy: &Proxy| proxy.lose_answer(LEDGER_STORED);
    tokio::join!(
        append_is_settled(1, "the message", question(TO_THE_LEDGER)),
        append_is_settled(1, "its acknowledgement", answer),
        append_is_settled(40, "a batch", question(TO_THE_LEDGER)),
        append_is_settled(900, "the end of a batch", question(COMMIT)),
        append_is_settled(40, "the acknowledgement of a batch", answer),
    );
}

#[tokio::test]
async fn what_another_intake_puts_in_a_refused_ones_place_lets_nothing_pass() {
    let way = Way::new();
    another_puts_one_in_the_place_of_ours(&way.proxy, &way.url(), way.server.url()).await;
}

#[tokio::test]
async fn in_a_cluster_it_does_not_stop_the_stream_either() {
    let nodes = Nats::cluster(&[("127.0.0.1", None), ("127.0.0.1", None), ("127.0.0.1", None)]);
    let (direct, proxy) = (Nats::cluster_url(&nodes), Proxy::to(nodes[0].port));
    let ours = format!("nats://127.0.0.1:{}?{}", proxy.port(), direct.split_once('?').unwrap().1);
    another_puts_one_in_the_place_of_ours(&proxy, &ours, direct).await;
    let stopped: Vec<String> = nodes.iter().map(Nats::log).filter(|log| log.contains("critical write error")).collect();
    assert!(stopped.is_empty(), "{}", stopped.join("\n"));
}

/// Three events wait; while the first is on its way, another intake stores one where it was to stand.
async fn another_puts_one_in_the_place_of_ours(proxy: &Proxy, ours: &str, direct: String) {
    let ledger = Ledger::open(ours, LedgerOptions::writer()).await.unwrap();
    ledger.append(events(1, 1)).await.unwrap();
    // While our messages are on their way, another intake stores one where the first of them was to stand.
    proxy.set_trap(TO_THE_LEDGER, Lose::Nothing, move || {
        let store = async {
            let other = Ledger::open(&direct, LedgerOptions::writer()).await.unwrap();
            other.append(vec![event("other", "x")]).await.unwrap();
        };
        tokio::runtime::Runtime::new().unwrap().block_on(store);
    });
    let (first, second, third) = tokio::join!(ledger.append(events(2, 2)), ledger.append(events(3, 3)), ledger.append(events(4, 4)));
    assert!(proxy.has_sprung());
    let stored = [first, second, third].map(|outcomes| receipts(outcomes.unwrap())[0]);
    assert_eq!(stored.map(|receipt| receipt.position), [3, 4, 5], "in the order in which they were sent");
    let records = ledger.follow(0).next().await.unwrap().records;
    assert!(records.is_sorted_by_key(|record| record.recorded), "the recorded time fell");
    assert_eq!(records[1].id, "other");
}

#[tokio::test]
async fn a_refusal_for_a_copy_in_flight_is_settled_like_one_for_a_taken_id() {
    for count in [1, 40] {
        let way = Way::new();
        let ledger = way.ledger().await;
        let other = Ledger::open(&way.server.url(), LedgerOptions::writer()).await.unwrap();
        let first = receipts(other.append(events(1, 3)).await.unwrap());
        way.proxy.replace_answer(WRONG_LAST, IN_FLIGHT);
        let stored = receipts(ledger.append(events(3, 2 + count)).await.unwrap());
        assert!(way.proxy.has_sprung(), "nothing was refused");
        assert_eq!((stored[0].position, stored[0].recorded, stored[0].fresh), (3, first[2].recorded, false));
        assert!(stored[1..].iter().map(|receipt| (receipt.position, receipt.fresh)).eq((4..).map(|position| (position, true)).take(count - 1)));
    }
}

#[tokio::test]
async fn the_state_store_takes_a_copy_in_flight_for_somebody_elses_put() {
    let way = Way::new();
    let state_store = StateStore::open(&way.url()).await.unwrap();
    let revision = state_store.put("seal", b"one", None).await.unwrap();
    way.proxy.replace_answer(WRONG_LAST, IN_FLIGHT);
    let refused = state_store.put("seal", b"two", None).await;
    assert_eq!(refused, Err(StateError::Changed { key: "seal".to_owned(), found: Some(revision) }));
    assert!(way.proxy.has_sprung());
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_settled_whether_it_happened_or_not() {
    let (happened, not) = (Way::new(), Way::new());
    let lost = async |way: &Way, lose: &dyn Fn(&Proxy)| {
        let state_store = StateStore::open(&way.url()).await.unwrap();
        let first = state_store.put("seal", b"one", None).await.unwrap();
        lose(&way.proxy);
        let put = state_store.put("seal", b"two", Some(first)).await;
        assert!(way.proxy.has_sprung());
        (put, state_store.get("seal").await.unwrap().unwrap(), first)
    };
    let (done, undone) = tokio::join!(
        lost(&happened, &|proxy| proxy.lose_answer(STATE_STORED)),
        lost(&not, &|proxy| proxy.set_trap(TO_THE_STATE_STORE, Lose::Question, || {})),
    );
    let (put, (value, revision), _) = done;
    assert_eq!((put, value.as_slice()), (Ok(revision), b"two".as_slice()));
    let (put, (value, revision), first) = undone;
    assert!(matches!(put, Err(StateError::Engine(_))), "{put:?}");
    assert_eq!((value.as_slice(), revision), (b"one".as_slice(), first), "nothing was put");
}

/// How a message with these bytes is lost on a way.
type Losing = fn(&Proxy, &'static [u8]);

#[tokio::test]
async fn what_a_role_puts_or_deletes_is_sent_again_where_no_answer_came() {
    let question = |proxy: &Proxy, of| proxy.set_trap(of, Lose::Question, || {});
    let losses: [(Losing, _); 4] =
        [(question, TO_THE_ROLE_STATE), (Proxy::lose_answer, ROLE_STATE_STORED), (question, PURGE_OF_A_ROLE), (Proxy::lose_answer, PURGED)];
    let lost = losses.map(async |(lose, of)| {
        let way = Way::new();
        let role_state = RoleState::open(&way.url()).await.unwrap();
        role_state.put(vec![("page".to_owned(), b"one".to_vec())]).await.unwrap();
        lose(&way.proxy, of);
        role_state.put(vec![("page".to_owned(), b"two".to_vec()), ("other".to_owned(), b"x".to_vec())]).await.unwrap();
        assert_eq!(role_state.get("page").await, Ok(Some(b"two".to_vec())));
        role_state.delete(vec!["page".to_owned()]).await.unwrap();
        assert!(way.proxy.has_sprung(), "nothing was lost");
        assert_eq!((role_state.get("page").await, role_state.list("", "", 10).await), (Ok(None), Ok(vec!["other".to_owned()])));
    });
    futures_util::future::join_all(lost).await;
}
