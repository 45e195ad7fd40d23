//! What was acknowledged is sealed: its receipt holds without the server, and whatever is killed, one history is signed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use dateline::shared::merkle_log::Opening;
use dateline_proofs::{
    Checkpoint, Hash, Note, SealedReceipt, TILE_HASHES, TileAddress, Tree, VerifierKey, bundles_of, decode_bundle, leaf_hash, tiles_of,
};

use crate::asking::{BATCH, House, STRUCTURED, client, get, get_with, head, post, send};
use crate::house::{Kept, Role};
use crate::nats::Nats;
use crate::support::{TestServer, anomaly, folder, run};

/// What was stored is sealed within so long, in seconds, also on a busy machine.
const SEALED_S: u64 = 30;

/// How often a server is killed, and how many events it is given in between.
const KILLS: usize = 6;
const EVENTS_BETWEEN: usize = 150;

fn keys(data: &Path) -> Vec<VerifierKey> {
    let shown = run(data, &["log-key", "show"]);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    String::from_utf8(shown.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect()
}

fn event(number: usize) -> String {
    anomaly(&number.to_string(), "mail", "2026-03-01T10:00Z")
}

/// The exact bytes that are kept of an event: those of a batch are brought into one form at the door.
async fn exact(url: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Form {
        event: Box<serde_json::value::RawValue>,
    }
    serde_json::from_slice::<Form>(&get(url).await.expect(200).body).unwrap().event.get().to_owned()
}

/// The checkpoint, which one of the keys signed.
async fn checkpoint(url: &str, keys: &[VerifierKey]) -> Option<Checkpoint> {
    let answer = get(&format!("{url}/log/checkpoint")).await;
    (answer.status == 200).then(|| Checkpoint::open(&Note::parse(&answer.body).unwrap(), keys).unwrap().0)
}

async fn sealed_up_to(url: &str, keys: &[VerifierKey], position: u64) -> Checkpoint {
    let begun = Instant::now();
    loop {
        let found = checkpoint(url, keys).await;
        match found.filter(|found| found.size() >= position) {
            Some(found) => return found,
            None => assert!(begun.elapsed() < Duration::from_secs(SEALED_S), "position {position} is not sealed"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The tree over the bundles of entries, and its root at every size.
async fn roots(url: &str, size: u64) -> BTreeMap<u64, Hash> {
    let (mut tree, mut roots) = (Tree::new(), BTreeMap::new());
    for address in bundles_of(size) {
        let bundle = get(&format!("{url}/log/{address}")).await.expect(200).body;
        for leaf in decode_bundle(&bundle, address.width()).unwrap() {
            for tile in tree.push(leaf_hash(leaf)) {
                let served = get(&format!("{url}/log/{}", tile.address())).await.expect(200);
                assert_eq!(served.body, tile.encode(), "{}", tile.address());
            }
            roots.insert(tree.size(), tree.root());
        }
    }
    roots
}

#[tokio::test]
async fn a_receipt_comes_with_the_answer_and_holds_without_the_server() {
    let house = House::start();
    let keys = keys(&house.data);
    let ask = |media_type: &'static str, body: String| {
        let request = client().post(house.at("/v1/events")).header("content-type", media_type);
        send(request.header("prefer", "wait=20, until=sealed").body(body))
    };
    let one = ask(STRUCTURED, event(1)).await.expect(201);
    assert_eq!(one.header("preference-applied"), "wait=20, until=sealed");
    let batch = ask(BATCH, format!("[{},{}]", event(2), event(3))).await.expect(201).json();
    let mut receipts = vec![one.json()["sealed"].as_str().unwrap().to_owned()];
    receipts.extend(batch["items"].as_array().unwrap().iter().map(|item| item["receipt"]["sealed"].as_str().unwrap().to_owned()));
    receipts.push(get(&house.at("/v1/events/2/receipt")).await.expect(200).text());
    for (receipt, number) in receipts.iter().zip([1, 2, 3, 2]) {
        let receipt = SealedReceipt::parse(receipt.as_bytes()).unwrap();
        let opening = Opening::read(receipt.extra.as_deref().unwrap()).unwrap();
        assert!(opening.opens_to(exact(&house.at(&format!("/v1/events/{number}"))).await.as_bytes()) && !opening.opens_to(event(9).as_bytes()));
        let signed = receipt.verify(&leaf_hash(opening.leaf.as_bytes()), &keys).unwrap();
        assert!(signed.size() >= number as u64 && receipt.index + 1 == number as u64);
    }
    assert_eq!(get(&house.at("/v1/events/99/receipt")).await.problem(404)["type"], "urn:dateline:problem:not-found");
    get(&house.at("/v1/events/x/receipt")).await.problem(400);
    get(&house.at("/log/tile/0/001")).await.problem(404);
    get(&house.at("/log/tile/0/0000")).await.problem(404);
    // The key that checks all this is nowhere beside it.
    let beside = [get(&house.at("/log/checkpoint")).await.text(), get(&house.at("/openapi.json")).await.text()];
    assert!(beside.iter().all(|text| !text.contains(&keys[0].to_string())));
}

#[tokio::test]
async fn tiles_are_kept_for_ever_once_they_are_full_and_bundles_are_packed() {
    let house = House::start();
    let events: Vec<String> = (0..300).map(event).collect();
    post(&house.url, BATCH, format!("[{}]", events.join(","))).await.expect(201);
    sealed_up_to(&house.url, &keys(&house.data), 300).await;
    for (path, wanted) in
        [("tile/0/000", "immutable"), ("tile/0/001.p/44", "max-age=60"), ("tile/entries/000", "immutable"), ("checkpoint", "no-cache")]
    {
        let answer = get(&house.at(&format!("/log/{path}"))).await.expect(200);
        assert!(answer.header("cache-control").contains(wanted), "{path}: {}", answer.header("cache-control"));
    }
    // What was partial once goes on being answered, and is the beginning of what it became.
    let whole = get(&house.at("/log/tile/0/000")).await.body;
    let narrow = get(&house.at("/log/tile/0/000.p/7")).await.expect(200).body;
    assert_eq!(narrow, whole[..7 * 32]);
    let packed = get_with(&house.at("/log/tile/entries/000"), &[("accept-encoding", "gzip")]).await.expect(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() * 10 < get(&house.at("/log/tile/entries/000")).await.body.len() * 8);
}

#[tokio::test]
async fn a_server_that_is_killed_at_any_moment_signs_one_history() {
    let (_folder, data) = folder();
    let (mut seen, mut acknowledged, mut receipts) = (Vec::new(), 0, Vec::new());
    for round in 0..KILLS {
        let server = TestServer::start(&data);
        let keys = keys(&data);
        for number in 0..EVENTS_BETWEEN {
            acknowledged += 1;
            post(&server.url, STRUCTURED, event(round * EVENTS_BETWEEN + number)).await.expect(201);
            if number % 37 == round {
                seen.extend(checkpoint(&server.url, &keys).await);
                let receipt = get(&format!("{}/v1/events/{}/receipt", server.url, acknowledged - 1)).await;
                receipts.extend((receipt.status == 200).then_some((acknowledged - 1, receipt.body)));
            }
        }
        server.kill();
    }
    let server = TestServer::start(&data);
    let keys = keys(&data);
    let last = sealed_up_to(&server.url, &keys, acknowledged as u64).await;
    let roots = roots(&server.url, last.size()).await;
    assert!(seen.len() >= KILLS, "too few checkpoints were seen to mean anything: {}", seen.len());
    for signed in seen.iter().chain([&last]) {
        assert_eq!(roots.get(&signed.size()), Some(&signed.root()), "size {}", signed.size());
    }
    assert!(seen.windows(2).all(|pair| pair[0].size() <= pair[1].size()));
    for (position, receipt) in receipts {
        let receipt = SealedReceipt::parse(&receipt).unwrap();
        let opening = Opening::read(receipt.extra.as_deref().unwrap()).unwrap();
        receipt.verify(&leaf_hash(opening.leaf.as_bytes()), &keys).unwrap();
        assert!(opening.opens_to(event(position - 1).as_bytes()), "position {position}");
    }
    assert_eq!(tiles_of(last.size()).filter(|tile| !tile.is_partial()).count() as u64, last.size() / u64::from(TILE_HASHES));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_notaries_on_the_bus_sign_one_history() {
    let (_folder, data) = folder();
    let bus = Nats::start();
    let key = data.join("log.key").display().to_string();
    let flags = vec!["--log-key-file".to_owned(), key.clone(), "--log-origin".to_owned(), "two.example/log".to_owned()];
    let kept = Kept { ledger: bus.url(), flags, ..Kept::in_folder(&data) };
    let intake = Role::start(&kept, "intake");
    let mut notaries = vec![Role::start(&kept, "notary")];
    notaries.push(Role::start(&kept, "notary"));
    let keys = keys(&data);
    let mut seen = Vec::new();
    for round in 0..8 {
        let events: Vec<String> = (0..100).map(|number| event(round * 100 + number)).collect();
        post(&intake.url, BATCH, format!("[{}]", events.join(","))).await.expect(201);
        for notary in &notaries {
            seen.extend(checkpoint(&notary.url, &keys).await);
        }
        if round % 3 == 2 {
            notaries.remove(0).kill();
            notaries.push(Role::start(&kept, "notary"));
        }
    }
    let last = sealed_up_to(&notaries[0].url, &keys, 800).await;
    let roots = roots(&notaries[0].url, last.size()).await;
    for signed in seen.iter().chain([&last]) {
        assert_eq!(roots.get(&signed.size()), Some(&signed.root()), "size {}", signed.size());
    }
    for notary in &notaries {
        sealed_up_to(&notary.url, &keys, 800).await;
        assert_eq!(get(&format!("{}/health/ready", notary.url)).await.status, 200);
    }
}

#[tokio::test]
async fn a_server_without_the_logs_key_goes_on_and_says_so_and_a_notary_does_not_start() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let named = keys(&data)[0].to_string();
    post(&server.url, STRUCTURED, event(1)).await.expect(201);
    let before = sealed_up_to(&server.url, &keys(&data), 1).await;
    assert_eq!(server.terminate(), Some(0));
    std::fs::rename(data.join("log.key"), data.join("away.key")).unwrap();
    let server = TestServer::start(&data);
    post(&server.url, STRUCTURED, event(2)).await.expect(201);
    let ready = get(&format!("{}/health/ready", server.url)).await.expect(200).text();
    assert!(ready.contains("nothing is sealed") && ready.contains("put it back"), "{ready}");
    assert_eq!(server.terminate(), Some(0));
    for words in [vec!["notary"], vec!["serve", "--log-key", named.as_str()]] {
        let refused = run(&data, &[words, vec!["--listen", "127.0.0.1:0"]].concat());
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(2) && said.contains("log.key"), "{said}");
    }
    // Given up by its name, a new log begins, over the whole ledger.
    assert_eq!(run(&data, &["log-key", "abandon", "--origin", "other"]).status.code(), Some(2));
    let given_up = run(&data, &["log-key", "abandon", "--origin", before.origin()]);
    assert!(given_up.status.success(), "{}", String::from_utf8_lossy(&given_up.stderr));
    let server = TestServer::start(&data);
    let after = sealed_up_to(&server.url, &keys(&data), 2).await;
    assert_ne!(after.origin(), before.origin());
    assert_eq!(roots(&server.url, 2).await.get(&1), Some(&before.root()), "the new log holds what the old one signed");
}

#[tokio::test]
async fn a_rotated_key_signs_beside_the_old_one_until_that_is_retired() {
    let (_folder, data) = folder();
    let server = TestServer::start(&data);
    let old = keys(&data);
    post(&server.url, STRUCTURED, event(1)).await.expect(201);
    sealed_up_to(&server.url, &old, 1).await;
    assert_eq!(server.terminate(), Some(0));
    assert!(run(&data, &["log-key", "rotate"]).status.success());
    let server = TestServer::start(&data);
    let both = keys(&data);
    assert!(both.len() == 2 && both[1] == old[0] && both[0] != old[0]);
    post(&server.url, STRUCTURED, event(2)).await.expect(201);
    sealed_up_to(&server.url, &old, 2).await;
    sealed_up_to(&server.url, &both[..1], 2).await;
    assert_eq!(server.terminate(), Some(0));
    assert!(run(&data, &["log-key", "retire"]).status.success());
    let server = TestServer::start_with(&data, &["--log-key", &both[0].to_string()]);
    post(&server.url, STRUCTURED, event(3)).await.expect(201);
    let last = sealed_up_to(&server.url, &both[..1], 3).await;
    let note = Note::parse(&get(&format!("{}/log/checkpoint", server.url)).await.body).unwrap();
    assert!(last.size() == 3 && Checkpoint::open(&note, &old).is_err());
}

#[tokio::test]
async fn an_incident_is_cited_by_its_position_and_the_log_that_holds_it() {
    let house = House::with_outage().await;
    let head = head(&house.url).await;
    let last = sealed_up_to(&house.url, &keys(&house.data), head).await;
    let incident = get(&house.at("/v1/incidents/whatsapp")).await.json();
    let (cite, id) = (incident["links"]["cite"].as_str().unwrap(), incident["incident"].as_str().unwrap());
    let text = get(&house.at(cite)).await.expect(200).text();
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default().to_owned();
    assert_eq!((line("Log"), line("Size"), line("Root")), (last.origin().to_owned(), head.to_string(), last.root().to_string()));
    assert_eq!(line("Page"), format!("/incidents/{id}?as_of={}", line("Position")));
    get(&house.at(&line("Page"))).await.expect(200);
    get(&house.at(&line("Receipt"))).await.expect(200);
    let page = get(&house.at(&format!("/incidents/{id}"))).await.text();
    assert!(page.contains(cite) && page.contains("/log/checkpoint"));
    assert!(get(&house.at(&format!("{cite}?lang=bn"))).await.text().contains("হোয়াটসঅ্যাপ"));
    let address: TileAddress = "tile/entries/000.p/1".parse().unwrap();
    assert!(!get(&house.at(&format!("/log/{address}"))).await.expect(200).body.is_empty());
}
