"""The outage of the demo, the examples of every kind of event beside it, and all that readers, auditors and operators can ask of them."""

import json

from ask import get

ARTICLE = "/v1/incidents/whatsapp"
SUFFIXES = ("", ".json", ".txt")

STATED = "2026-06-01T12:00Z"

# What a timeline may be asked with.
AXES = (
    "lang=bn", "lang=bn-BD", "lang=de", "lang=en&lang=bn", "tz=UTC", "tz=Europe/Rome", "tz=Asia/Nowhere", "claims=true", "claims=perhaps",
    "retracted=true",
    "known_at=2022-10-25T14:45%2B05:30", "known_at=2022-10-25[Asia/Kolkata]", "known_at=2022-10-20T00:00:00Z", "known_at=nonsense",
    "known_at=2022-10-25",
    "as_of=4", "as_of=5", "as_of=5&lang=bn", "as_of=0", "as_of=99999", "as_of=-1", "as_of=2020-01-01T00:00:00Z", "as_of=2100-01-01T00:00:00Z",
    "at=2022-10-25T13:00%2B05:30", "at=2022-10-24T00:00:00Z", "at=soon",
    "at=2022-10-25T13:00%2B05:30&known_at=2022-10-25T14:45%2B05:30&as_of=60&lang=bn",
    "min_position=1", "min_position=99999&wait_ms=20", "min_position=x", "colour=red", "claims=true&retracted=true&lang=bn&tz=Asia/Dhaka",
)

ACCEPTS = (
    "application/json", "text/plain", "text/html", "*/*", "text/*", "image/png", "text/plain;q=0.5, application/json;q=0.4",
    "application/json;q=0", "text/plain, */*;q=0.1", "nonsense",
)

LANGUAGES = ("bn", "bn-IN,en;q=0.5", "de, bn;q=0.3", "de", "en;q=0, bn", "*", ";;")

LISTS = (
    "", "service=whatsapp", "service=nowhere", "service=whatsapp&service=facebook", "vendor=meta", "vendor=nobody", "region=IN", "region=IT",
    "region=world",
    "region=Atlantis", "symptom=sending", "symptom=smell", "state=restored", "state=detected,acknowledged", "state=asleep", "nature=maintenance",
    "nature=flood", "from=2022-10-25T00:00:00Z", "to=2022-10-25T00:00:00Z", "from=2022-10-25T00:00:00Z&to=2022-10-26T00:00:00Z",
    "from=2022-10-26T00:00:00Z&to=2022-10-25T00:00:00Z", "at=2022-10-25T08:00:00Z", "at=2022-10-25T08:00:00Z&from=2022-10-25T00:00:00Z",
    "known_at=2022-10-25T09:00:00Z", "as_of=10", "as_of=10&known_at=2022-10-25T09:00:00Z", "q=whatsapp", "q=outage%20whatsapp", "q=zebra",
    "q=a%20b%20c%20d%20e%20f%20g%20h%20i", "lang=bn", "tz=Asia/Dhaka", "sort=started", "sort=-started", "sort=name", "limit=1", "limit=0",
    "limit=501",
    "limit=x", "cursor=nonsense", "min_position=99999&wait_ms=20", "colour=red",
)


def play(part):
    """The demo, twice: what was published is known the second time."""
    part.run("demo")
    part.run("demo", "--claims", label="again, with claims")


def in_the_demo(house):
    """Where the files of a demo lie."""
    return ["--data", "data/demo" if (house.folder / "data/demo").exists() else "data"] if house.engine == "sqlite" else house.flags


def examples(repository):
    """An example of each kind of event, and more, by name."""
    found = {}
    for file in sorted((repository / "schemas/examples").glob("*.json")):
        event = json.loads(file.read_text())
        # What does not say when it was stated counts as stated when it was recorded, and is told by that day and minute.
        if not event["type"].startswith(("dateline.service.registered", "dateline.event.redacted")):
            event["data"].setdefault("stated", {"at": STATED})
        found[file.stem] = json.dumps(event, ensure_ascii=False).encode()
    return found


def publish_examples(part, repository):
    """The examples of the contracts from a file; some are refused, by line."""
    (part.house.folder / "examples.ndjson").write_bytes(b"\n".join(examples(repository).values()) + b"\n")
    part.run("publish", "examples.ndjson")
    part.run("publish", "--format", "json", "examples.ndjson")


def post_examples(part, repository):
    """The same one by one, over HTTP: what is known, and why the others are refused."""
    for name, example in examples(repository).items():
        part.ask("POST", "/v1/events", headers={"content-type": "application/cloudevents+json"}, body=example, label=name)


def incident_ids(part):
    listed = json.loads(get(part.house.url, "/v1/incidents?limit=500").body)
    return [incident["incident"] for incident in listed["incidents"]]


def ask_timelines(part):
    for suffix in SUFFIXES:
        part.get(f"{ARTICLE}/timeline{suffix}")
        for axes in AXES:
            part.get(f"{ARTICLE}/timeline{suffix}?{axes}")
    for accept in ACCEPTS:
        part.get(f"{ARTICLE}/timeline", headers={"accept": accept}, label=f"accept {accept}")
        part.get(f"{ARTICLE}/timeline.txt", headers={"accept": accept}, label=f"accept {accept}")
    for language in LANGUAGES:
        for path in (f"{ARTICLE}/timeline.txt", "/", "/v1/incidents?limit=1"):
            part.get(path, headers={"accept-language": language}, label=f"accept-language {language}")
    part.get(f"{ARTICLE}/timeline", headers={"accept-encoding": "gzip"}, label="gzip")
    part.get(f"{ARTICLE}/timeline", headers={"accept-encoding": "gzip;q=0, identity"}, label="no gzip")
    for path in ("/timeline.pdf", "/timeline/", "/timelines", "/timeline.json.txt"):
        part.get(ARTICLE + path)
    part.pages(f"{ARTICLE}/timeline?entries_limit=7", 3)
    part.pages(f"{ARTICLE}/timeline.txt?entries_limit=20&lang=bn", 2)
    for limit in ("0", "5001", "x", "5&entries_cursor=nonsense"):
        part.get(f"{ARTICLE}/timeline?entries_limit={limit}")
    for path in (ARTICLE, f"{ARTICLE}/timeline", f"{ARTICLE}/timeline.txt", f"{ARTICLE}/timeline?as_of=5", "/incidents/whatsapp", "/v1/incidents",
        "/"):
        part.conditional(path)


def ask_incidents(part):
    for axes in LISTS:
        part.get(f"/v1/incidents{axes and '?'}{axes}")
        part.get(f"/{axes and '?'}{axes}")
    part.pages("/v1/incidents?limit=1&sort=started", 4)
    for number in incident_ids(part):
        part.gets(f"/v1/incidents/{number}", f"/v1/incidents/{number}/timeline.txt?retracted=true&claims=true",
            f"/v1/incidents/{number}/timeline.json?lang=bn",
                  f"/v1/incidents/{number}/events", f"/v1/incidents/{number}/edits", f"/incidents/{number}?lang=bn",
                  f"/incidents/{number}?claims=true")
    for axes in AXES:
        part.gets(f"{ARTICLE}?{axes}", f"/incidents/whatsapp?{axes}")
    part.gets("/v1/incidents/nowhere", "/v1/incidents/Not%20A%20Slug", "/v1/incidents/", "/v1/incidents/nowhere/timeline",
        "/v1/incidents/nowhere/events",
              "/v1/incidents/nowhere/edits", "/v1/incidents/nowhere/live", "/incidents/nowhere", "/incidents/nowhere?lang=bn", "/nowhere", "/v1",
              "/v2/incidents")
    part.gets(f"{ARTICLE}/events", f"{ARTICLE}/events?as_of=6", f"{ARTICLE}/events?as_of=x", f"{ARTICLE}/edits",
        f"{ARTICLE}/edits?lang=bn&tz=Asia/Kolkata",
              f"{ARTICLE}/edits?known_at=2022-10-25T12:00:00Z", f"{ARTICLE}/edits?as_of=3", f"{ARTICLE}/edits?colour=red")


def ask_the_rest(part):
    part.gets("/v1/services", "/v1/services?vendor=meta", "/v1/services?q=whats", "/v1/services?q=zebra",
        "/v1/services?min_position=99999&wait_ms=20",
              "/v1/services?colour=red", "/v1/services/whatsapp", "/v1/services/github-actions", "/v1/services/nowhere",
              "/v1/services/Not%20A%20Slug",
              "/v1/services/whatsapp/reports.svg", "/v1/services/whatsapp/reports.svg?at=2022-10-25T12:00:00Z",
              "/v1/services/whatsapp/reports.svg?at=x")
    part.gets("/v1/vendors/meta/edits", "/v1/vendors/meta/edits?lang=bn", "/v1/vendors/nobody/edits", "/v1/vendors/meta/edits.atom",
        "/v1/vendors/meta/edits.feed.json",
              "/v1/vendors/github/edits", "/v1/watch/pages/whatsapp", "/v1/watch/pages/lampost", "/v1/watch/pages/lampost?presence=all",
              "/v1/watch/pages/nowhere")
    part.gets("/openapi.json", "/assets/dateline.css", "/assets/live.js", "/assets/none.js", "/favicon.ico", "/robots.txt", "/health/live",
        "/health/ready",
              "/v1/watch", "/v1/detector")
    part.metrics()
    part.gets("/v1/events", "/v1/events?limit=3", "/v1/events?limit=0", "/v1/events?limit=1001", "/v1/events?state=poison",
        "/v1/events?state=unattached",
              "/v1/events?state=asleep", "/v1/events?source=/desks/demo", "/v1/events?source=/desks/demo&id=w01",
              "/v1/events?source=/desks/demo&id=none",
              "/v1/events?after=0", "/v1/events?after=80", "/v1/events?after=80&trailer=1", "/v1/events?after=0&limit=5", "/v1/events?after=99999",
              "/v1/events?after=x",
              "/v1/events?after=80&trailer=2", "/v1/events/1", "/v1/events/83", "/v1/events/0", "/v1/events/99999", "/v1/events/x")
    part.live("/v1/live", {"last-event-id": "70"}, label="after 70")
    part.live("/v1/live?after=75")
    part.live("/v1/live?after=5", {"last-event-id": "80"}, label="the header goes before")
    part.live(f"{ARTICLE}/live?after=60")
    part.live(f"{ARTICLE}/live", {"last-event-id": "99999"}, label="of another ledger", last=b"event: reset")
    for label, number in (("word", "x"), ("negative", "-1")):
        part.get("/v1/live", headers={"last-event-id": number}, label=f"last-event-id {label}")
    part.get("/v1/live?after=x")


def ask_methods(part):
    """Each route of the contract, with methods that it has and has not."""
    contract = json.loads(get(part.house.url, "/openapi.json").body)
    samples = {"{id}": "whatsapp", "{slug}": "whatsapp", "{page}": "lampost", "{position}": "1"}
    for route, operations in sorted(contract["paths"].items()):
        path = route
        for name, sample in samples.items():
            path = path.replace(name, sample)
        for method in ("OPTIONS", "DELETE", "PUT", "PATCH") + (() if "post" in operations else ("POST",)):
            part.ask(method, path)
        # The length of what tells receipts' times, or how long the process has run, varies.
        if not path.endswith("/live") and path not in ("/v1/events", "/v1/events/1", "/metrics"):
            part.ask("HEAD", path)


def ask_hardly_http(part):
    host = b"host: 127.0.0.1\r\n"
    part.raw("HTTP 1.0", b"GET /health/live HTTP/1.0\r\n\r\n")
    part.raw("no host", b"GET /health/live HTTP/1.1\r\nconnection: close\r\n\r\n")
    part.raw("another host", b"GET /health/live HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n")
    part.raw("two hosts", b"GET /health/live HTTP/1.1\r\n" + 2 * host + b"connection: close\r\n\r\n")
    part.raw("no HTTP", b"hello\r\n\r\n")
    part.raw("a long target", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + host + b"\r\n")
    part.raw("a long header", b"GET /health/live HTTP/1.1\r\n" + host + b"x: " + b"a" * 100_000 + b"\r\n\r\n")
    part.raw("many headers", b"GET /health/live HTTP/1.1\r\n" + host + b"x: 1\r\n" * 200 + b"connection: close\r\n\r\n")
    part.raw("a path that climbs", b"GET /assets/../../etc/passwd HTTP/1.1\r\n" + host + b"connection: close\r\n\r\n")
    part.raw("another page posts",
        b"POST /v1/events HTTP/1.1\r\n" + host + b"origin: http://evil.example\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


def run_commands(part, url=None):
    """What the command line reads, of the files or of a server."""
    where = ("--url", url) if url else ()
    for words in (
        ("timeline", "whatsapp"), ("timeline", "whatsapp", "--lang", "bn", "--claims"),
        ("timeline", "whatsapp", "--known-at", "2022-10-25T14:45+05:30"),
        ("timeline", "whatsapp", "--as-of", "4", "--retracted"), ("timeline", "whatsapp", "--at", "2022-10-25T13:00+05:30", "--tz", "Europe/Rome"),
        ("timeline", "whatsapp", "--format", "json"), ("timeline", "nowhere"), ("timeline", "whatsap"), ("timeline", "whatsapp", "--at", "soon"),
        ("timeline", "whatsapp", "--lang", "de"), ("timeline", "whatsapp", "--known-at", "2022-10-25"), ("timeline", "whatsapp", "--as-of", "99999"),
        ("incidents",), ("incidents", "--lang", "bn", "--format", "json"), ("incidents", "--service", "whatsapp", "--limit", "1"),
        ("incidents", "--limit", "0"),
        ("incidents", "--vendor", "meta", "--region", "IN"), ("incidents", "--state", "asleep"),
        ("incidents", "--state", "restored", "-q", "whatsapp"),
        ("incidents", "--service", "nowhere"), ("incidents", "--as-of", "10", "--known-at", "2022-10-25T09:00:00Z"),
        ("audit", "replay", "--until", "3"), ("audit", "replay"), ("audit", "replay", "--until", "4", "--timeline", "whatsapp"),
        ("audit", "replay", "--until", "x"),
        ("audit", "replay", "--until", "4", "--timeline", "whatsapp", "--lang", "bn"), ("audit", "replay", "--timeline", "nowhere"),
        ("audit", "replay", "--until", "0"),
    ):
        part.run(*words, *where)


def check_and_rebuild(part):
    for words in (("ledger", "check"), ("ledger", "check", "--voices"), ("views", "check"), ("rebuild",), ("publish", "none.ndjson"),
        ("keys", "list")):
        part.run(*words)
    part.run("publish", "-", given=b'{"specversion":"1.0"}\nno JSON\n\n{}\n', label="faulty lines")
    part.run("publish", "--format", "json", "-", given=b'{"specversion":"1.0"}\nno JSON\n', label="faulty lines as JSON")
    part.run("timeline", "whatsapp", label="after the rebuild")


def demo(part, repository):
    """All of it."""
    play(part)
    at_first = part.house.flags
    part.house.flags = in_the_demo(part.house)
    publish_examples(part, repository)
    run_commands(part)
    part.house.serve()
    post_examples(part, repository)
    ask_timelines(part)
    ask_incidents(part)
    ask_the_rest(part)
    ask_methods(part)
    ask_hardly_http(part)
    run_commands(part, part.house.url)
    for words in (("health", "--url", part.house.url), ("ledger", "check"), ("views", "check"), ("incidents",), ("rebuild",),
        ("serve", "--listen", "127.0.0.1:0")):
        # On the bus many may serve at once: a second one would stay up.
        if words[0] != "serve" or part.house.engine == "sqlite":
            part.run(*words, label="beside a server")
    part.keep("the server's exit code", b"%d\n" % part.house.stop())
    part.keep("what is kept", part.house.kept().encode())
    check_and_rebuild(part)
    part.house.flags = at_first
    stays = part.house.start("demo", "--serve")
    stays.await_line(b"stop with Ctrl-C")
    part.keep("demo --serve, until it is stopped", b"".join(stays.said) + b"exit code %d\n" % stays.stop())
