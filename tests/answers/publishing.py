"""What publishers send, who may send it, and what users report."""

import gzip
import json

from ask import get
from house import until

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
NDJSON = {"content-type": "application/x-ndjson"}
JSON = {"content-type": "application/json"}
EVENTS, REPORTS = "/v1/events", "/v1/reports"

# Just above the limits: an event's bytes, a batch's events, how deep an event is nested.
EVENT_BYTES, BATCH_EVENTS, NESTED = 64 * 1024 + 1, 1001, 40


def event(number, **more):
    made = {
        "specversion": "1.0", "id": number, "source": "/desks/me", "type": "dateline.anomaly.detected.v1", "subject": "mail",
        "data": {"occurred": {"at": "2026-01-05T10:00Z", "precision": "minute"}, "stated": {"at": "2026-01-05T10:05Z"}, "regions": ["IN"],
                 "sources": [{"slug": "the-paper", "role": "read_in", "retrieved_at": "2026-01-05T11:00:00Z"}]},
    }
    made.update(more)
    return {name: value for name, value in made.items() if value is not None}


def written(value):
    return json.dumps(value).encode()


def with_data(number, **members):
    return event(number, data={**event(number)["data"], **members})


FAULTY = {
    "no id": event(None), "no source": event("f", source=None), "no type": event("f", type=None), "another version": event("f", specversion="0.3"),
    "unknown type": event("f", type="dateline.weather.v1"), "another version of the type": event("f", type="dateline.anomaly.detected.v9"),
    "no subject": event("f", subject=None),
    "no slug": event("f", subject="Not A Slug"), "no data": event("f", data=None), "data of another kind": event("f", data=[]),
    "a long id": event("i" * 300),
    "an unknown member": with_data("f", occured={}), "a wrong time": with_data("f", occurred={"at": "yesterday"}),
    "an unknown region": with_data("f", regions=["Atlantis"]),
    "a wrong interval": with_data("f", occurred={"between": ["2026-01-06T00:00Z", "2026-01-05T00:00Z"]}),
    "many faults": event("f", subject="A", data={"x": 1, "y": 2}),
    "an unknown zone": with_data("f", occurred={"at": "2026-01-05T10:00+05:30[Asia/Nowhere]"}), "an extension": event("f", colour="red"),
    "a wrong incident": event("f", incidentid="No Incident"), "too large": with_data("f", headline="x" * EVENT_BYTES),
    "a time without a zone": with_data("f", occurred={"at": "2026-01-05T10:00"}),
}


def publish(part):
    """Every form of an event over HTTP, and every fault."""
    part.house.serve()

    def post(label, body, headers=None, path=EVENTS):
        return part.ask("POST", path, headers=STRUCTURED if headers is None else headers, body=body, label=label)

    post("structured", written(event("1")))
    post("the same again", written(event("1")))
    post("another under the same id", written(with_data("1", regions=["IT"])))
    post("binary", written(event("2")["data"]), {"content-type": "application/json", "ce-specversion": "1.0", "ce-id": "2", "ce-source": "/desks/me",
                                                 "ce-type": "dateline.anomaly.detected.v1", "ce-subject": "mail"})
    post("binary without an id", written(event("2")["data"]), {"content-type": "application/json", "ce-specversion": "1.0"})
    post("gzip", gzip.compress(written(event("3")), mtime=0), {**STRUCTURED, "content-encoding": "gzip"})
    post("no gzip", b"hello", {**STRUCTURED, "content-encoding": "gzip"})
    post("another coding", b"hello", {**STRUCTURED, "content-encoding": "br"})
    post("batch", written([event("4"), event("5", type="dateline.vendor.silent.v1", data={"occurred": {"before": "2026-01-05T12:00Z"}})]), BATCH)
    post("batch with faults", written([event("6"), event("6"), event("7", subject=None), 5, with_data("1", regions=["US"])]), BATCH)
    post("empty batch", b"[]", BATCH)
    post("a batch that is none", written(event("8")), BATCH)
    post("a batch too many", written([event(f"b{number}") for number in range(BATCH_EVENTS)]), BATCH)
    post("another media type", b"hello", {"content-type": "text/plain"})
    post("no media type", b"hello", {})
    post("a charset", written(event("9")), {"content-type": "application/cloudevents+json; charset=utf-8"})
    post("another charset", written(event("9")), {"content-type": "application/cloudevents+json; charset=latin1"})
    post("nothing", b"")
    post("no JSON", b"{")
    post("a member twice", written(event("10"))[:-1] + b',"id":"11"}')
    post("deeply nested", written(event("12"))[:-1] + b',"x":' + b"[" * NESTED + b"]" * NESTED + b"}")
    post("no UTF-8", b'{"id":"\xff"}')
    post("data_base64", written(event("13", data=None, data_base64="eyJvY2N1cnJlZCI6eyJ1bmtub3duIjp0cnVlfX0=", datacontenttype="application/json")))
    post("data_base64 that is none", written(event("13", data=None, data_base64="???")))
    for label, faulty in FAULTY.items():
        post(f"faulty: {label}", written(faulty))
    for kind in ("event.corrected", "event.retracted", "claim.weighed", "incident.titled", "statement.translated"):
        post(f"{kind} of what is not there", written(event(kind, type=f"dateline.{kind}.v1", data={"event": {"id": "never"}})))
    for number, kind, data in (
        ("20", "vendor.updated", {"occurred": {"at": "2026-01-05T10:30Z"}, "stated": {"at": "2026-01-05T10:30Z"}, "status": "identified",
        "statement": {"quotation": {"lang": "en", "text": "Found it."}}}),
        ("21", "event.corrected", {"event": {"id": "1"}, "patch": {"regions": ["IN", "BD"]}, "edit_kind": "correction",
        "stated": {"at": "2026-01-05T12:00Z"}}),
        ("22", "event.retracted", {"event": {"id": "5"}, "reason": "It was not so."}),
        ("23", "event.corrected", {"event": {"id": "later"}, "patch": {"regions": ["IN"]}}),
        ("24", "service.restored", {"occurred": {"at": "2026-01-05T11:30Z"}, "stated": {"at": "2026-01-05T11:31Z"}, "extent": "full"}),
        ("25", "event.corrected", {"event": {"id": "2"}, "patch": {"occurred": {"at": "never"}}}),
    ):
        post(f"{kind} {number}", written(event(number, type=f"dateline.{kind}.v1", data=data)))
    part.house.settled()
    part.gets("/v1/incidents/mail/timeline.txt", "/v1/incidents/mail/timeline?lang=bn&retracted=true", "/v1/incidents/mail/events",
        "/v1/events?state=poison", "/v1/events?state=unattached",
              "/v1/events?after=0&trailer=1", "/v1/events/1", "/v1/events/2", "/v1/events?source=/desks/me&id=6", "/v1/incidents", "/incidents/mail")
    lines = b"\n".join(written(event(number)) for number in (None, "30", "31")) + b"\n"
    part.run("publish", "-", "--url", part.house.url, given=lines, label="to a server")
    part.run("publish", "-", "--url", part.house.url, given=lines + b'{"id":"x"}\n', label="again, and a faulty one")
    part.keep("the server's exit code", b"%d\n" % part.house.stop())


def keys(part):
    """Keys and what they open; publishers on the bus."""
    house, secrets = part.house, {}
    for name, *scopes in (("desk", "publish:/desks/me", "cite", "edit"), ("reader", "read"), ("auditor", "read", "audit"), ("reporter", "report"),
        ("gone", "read")):
        words = [word for scope in scopes for word in ("--scope", scope)]
        said = part.run("keys", "create", "--name", name, *words, "--format", "json")
        secrets[name] = json.loads(said)["key"]
    part.run("keys", "create", "--name", "plain", "--scope", "read")
    for words in (("create", "--name", "x"), ("create", "--scope", "read"), ("create", "--name", "x", "--scope", "everything"),
        ("create", "--name", "x", "--scope", "publish:"), ("revoke", "none")):
        part.run("keys", *words)
    house.serve("--open-reports")
    part.run("keys", "list", is_sorted=True)
    revoked = secrets["gone"].split("_")[1].split(".")[0]
    part.run("keys", "revoke", revoked)
    part.run("keys", "revoke", revoked, label="again")
    part.run("keys", "list", "--format", "json", is_sorted=True)
    until("a revoked key opens nothing", lambda: get(house.url, "/v1/incidents", {"authorization": f"Bearer {secrets['gone']}"}).status == 401)
    callers = {"nobody": {}, "a wrong key": {"authorization": "Bearer dateline_000000000000.x"}, "another scheme": {"authorization": "Basic eDp5"}}
    callers.update({name: {"authorization": f"Bearer {secret}"} for name, secret in secrets.items()})
    for name, headers in callers.items():
        part.ask("POST", EVENTS, headers={**STRUCTURED, **headers}, body=written(event(f"of {name}")), label=name)
        part.ask("POST", EVENTS, headers={**STRUCTURED, **headers}, body=written(event(f"of {name}", source="/desks/other")),
            label=f"{name}, as another")
        part.ask("POST", REPORTS, headers={**JSON, **headers}, body=b'{"service":"mail"}', label=name)
    house.settled()
    for name, headers in callers.items():
        for path in ("/v1/incidents", "/v1/incidents/mail", "/v1/events?after=0", "/v1/live?after=x", "/health/ready", "/", "/metrics",
            "/v1/detector"):
            # How far the detector is, and what was measured, is a matter of time.
            is_status_alone = path in ("/metrics", "/v1/detector")
            part.get(path, headers=headers, label=name, shape=(lambda body: b"") if is_status_alone else None)
    part.run("incidents", "--url", house.url, "--key", secrets["reader"])
    part.run("incidents", "--url", house.url, label="without a key")
    part.run("publish", "-", "--url", house.url, "--key", secrets["reader"], given=written(event("cli")), label="with a key that may not")
    part.run("audit", "replay", "--url", house.url, "--key", secrets["auditor"])
    part.keep("the server's exit code", b"%d\n" % house.stop())
    part.run("keys", "purge")
    part.run("publishers", "list")
    for words in (("allow", "bob", "--scope", "publish:/services/x", "--scope", "cite"), ("allow", "Not A Name", "--scope", "cite"), ("allow", "bob"),
        ("list",), ("revoke", "bob"), ("revoke", "none")):
        part.run("publishers", *words, label="x" if words == ("list",) else "")


def series():
    """Six days in windows of twenty minutes, with three bad hours on the fifth."""
    rows = ["timestamp,reports"]
    for number in range(6 * 72):
        day, minute = 3 + number // 72, number % 72 * 20
        usual = 8 + number * 7 % 5
        rows.append(f"2024-06-{day:02}T{minute // 60:02}:{minute % 60:02}:00Z,{usual * 40 if 4 * 72 + 30 <= number < 4 * 72 + 39 else usual}")
    return "\n".join(rows) + "\n"


def until_detected(house):
    """Waits until what the detector says of the series stands in the views: four events of one incident."""

    def is_told():
        answer = get(house.url, "/v1/incidents/mail")
        return answer.status == 200 and json.loads(answer.body)["events"] == 4

    until("the detector has told the series", is_told)
    house.settled()


def reports(part):
    """Users' reports, one by one and as series; what the detector makes of them."""
    house = part.house
    (house.folder / "mail.csv").write_text(series())
    (house.folder / "faulty.csv").write_text("timestamp,reports\n2024-06-03T00:00:00Z,many\nyesterday,5\n2024-06-03T00:20:00Z,-1\n")
    for words in (("mail.csv", "--service", "mail", "--channel", "a-monitor", "--dry-run"), ("faulty.csv", "--service", "mail"), ("none.csv",),
        ("mail.csv", "--region", "Atlantis"),
                  ("mail.csv", "--symptom", "smell"), ("mail.csv", "--bin-minutes", "7", "--dry-run")):
        part.run("import", "reports", *words)
    house.serve()
    imported = ("import", "reports", "mail.csv", "--service", "mail", "--channel", "a-monitor", "--url", house.url)
    part.run(*imported)
    part.run(*imported, "--format", "json", label="again")

    until_detected(house)
    part.gets("/v1/detector", "/v1/incidents", "/v1/incidents/mail/timeline.txt", "/v1/incidents/mail/timeline.txt?lang=bn",
        "/v1/incidents/mail/timeline", "/v1/events?after=0",
              "/v1/services/mail/reports.svg?at=2024-06-07T10:00:00Z", "/v1/services/mail/reports.svg?at=2024-06-07T10:00:00Z&lang=bn",
              "/v1/services/mail/reports.svg?at=2023-06-07T10:00:00Z",
              "/v1/services/none/reports.svg", "/incidents/mail", "/incidents/mail?known_at=2024-06-07T09:00:00Z&lang=bn")

    def post(label, body, headers=JSON, path=REPORTS):
        part.ask("POST", path, headers=headers, body=body, label=label)

    post("one", b'{"service":"chat"}')
    post("all members", b'{"service":"chat","region":"IN","symptom":"sending","channel":"app","total":3,"window_minutes":20}')
    post("an array", b'[{"service":"chat"},{"service":"chat","region":"IT"}]')
    post("NDJSON", b'{"service":"chat"}\n{"service":"chat"}\n', NDJSON)
    post("once", b'{"service":"chat"}', {**JSON, "idempotency-key": "a"})
    post("once more", b'{"service":"chat"}', {**JSON, "idempotency-key": "a"})
    post("another under the same key", b'{"service":"chat","region":"IN"}', {**JSON, "idempotency-key": "a"})
    post("history", b'{"service":"old","time":"2024-06-03T00:00:00Z","total":5,"window_minutes":20}\n', NDJSON, f"{REPORTS}?history=true")
    for label, body in {"no service": b"{}", "no slug": b'{"service":"Not A Slug"}', "unknown member": b'{"service":"chat","colour":"red"}',
        "no region": b'{"service":"chat","region":"Atlantis"}',
                        "no symptom": b'{"service":"chat","symptom":"smell"}',
                        "a negative total": b'{"service":"chat","total":-1,"window_minutes":20}', "no JSON": b"{", "nothing": b"",
                        "an empty array": b"[]", "long ago": b'{"service":"chat","time":"2001-01-01T00:00:00Z"}', "a word": b'"chat"'}.items():
        post(f"faulty: {label}", body)
    post("another media type", b"chat", {"content-type": "text/plain"})
    post("history is perhaps", b"{}", JSON, f"{REPORTS}?history=perhaps")
    part.keep("the server's exit code", b"%d\n" % house.stop())


def detect(part, data):
    """`dateline detect` on a series, and on real ones; no house is needed."""
    (part.house.folder / "mail.csv").write_text(series())
    (part.house.folder / "faulty.csv").write_text("a,b\nyesterday,many\n")
    real = data / "outage-report/max-per-bin/whatsapp.csv"
    for words in (("mail.csv",), ("mail.csv", "--format", "json"), ("mail.csv", "--verdicts"), ("mail.csv", "--bucket", "60"),
        ("mail.csv", "--bucket", "0"), ("mail.csv", "--numbers"),
                  ("mail.csv", "--plot", "out.svg", "--from", "2024-06-07T00:00:00Z", "--to", "2024-06-08T00:00:00Z"), ("mail.csv", "--from", "soon"),
                  ("faulty.csv",), ("none.csv",), (real,),
                  (real, "--format", "json", "--bucket", "60")):
        part.run("detect", *words)
    part.keep("out.svg", (part.house.folder / "out.svg").read_bytes())
    part.run("detect", "-", given=series().encode(), label="from stdin")
