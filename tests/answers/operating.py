"""What operators meet: help and mistakes of every command, roles of their own, ledgers carried and restored, a watched page."""

import http.server
import json
import threading

from ask import get
from house import until
from publishing import series, until_detected
from stable import without_seconds


def subcommands(help_text):
    """The names under "Commands:", as clap prints them."""
    names, within = [], False
    for line in help_text.decode().splitlines():
        if line.startswith("Commands:"):
            within = True
        elif within and line and not line.startswith(" "):
            break
        elif within and line.startswith("  ") and line[2:3].strip():
            names.append(line.split()[0])
    return [name for name in names if name != "help"]


def help_of_everything(part, words=()):
    """--help and -h of every command, found by what help itself lists; each also without what it needs, and with what nobody knows."""
    text = part.run(*words, "--help")
    part.run(*words, "-h")
    part.run(*words, "--bogus")
    for name in subcommands(text):
        help_of_everything(part, (*words, name))
    if words and subcommands(text):
        part.run(*words)
        part.run(*words, "bogus")
        part.run("help", *words)


def mistakes(part):
    """Before there is anything, and with what nobody meant."""
    (part.house.folder / "bad.toml").write_text("listen = 5\ncolour = 'red'\n")
    (part.house.folder / "no.toml").write_text("= =")
    (part.house.folder / "good.toml").write_text('data = "elsewhere"\n')
    (part.house.folder / "empty.ndjson").write_text("")
    (part.house.folder / "file").write_text("no folder")
    for words in (
        (), ("--version",), ("bogus",), ("tmeline",), ("timeline",), ("timeline", "whatsapp"), ("incidents",), ("incidents", "--limit", "x"),
        ("audit", "replay"), ("ledger", "check"),
        ("views", "check"), ("rebuild",), ("keys", "list"), ("publishers", "list"), ("publish",), ("publish", "none.ndjson"),
        ("publish", "empty.ndjson"), ("health",), ("pages", "resume", "github"),
        ("ledger", "restore"), ("ledger", "copy", "sqlite:none.db", "sqlite:other.db"), ("ledger", "copy", "nonsense", "sqlite:other.db"),
        ("ledger", "copy", "sqlite:a.db", "sqlite:a.db"),
        ("completions", "bash"), ("completions", "zsh"), ("completions", "fish"), ("completions", "tcsh"), ("watch", "none.toml"),
        ("watch", "bad.toml"), ("import", "statuspage", "none.json"),
        ("--config", "none.toml", "incidents"), ("--config", "bad.toml", "incidents"), ("--config", "no.toml", "incidents"),
        ("--config", "good.toml", "incidents"),
        ("--data", "file/x", "publish", "empty.ndjson"), ("--url", "nonsense", "incidents"), ("--url", "http://127.0.0.1:1", "incidents"),
        ("--url", "https://127.0.0.1:1", "incidents"),
        ("--url", "127.0.0.1:1", "incidents"), ("--listen", "nonsense", "serve"), ("--listen", "0.0.0.0:0", "serve"),
        ("--ledger", "nonsense", "serve"), ("--ledger", "nats://127.0.0.1:1", "serve"),
        ("--views", "nonsense", "serve"), ("--views", "postgres://me@127.0.0.1:1/x", "serve"), ("--fold-memory-mib", "x", "serve"),
        ("--log", "((", "incidents"),
        ("--key-file", "none", "--url", "http://127.0.0.1:1", "incidents"), ("detector",), ("serve", "extra"),
        ("publishers", "allow", "bob", "--scope", "read"), ("--body-memory-mib", "x", "serve"), ("--connections-per-address", "x", "serve"),
        ("timeline", "a", "b"), ("--timeline",),
    ):
        part.run(*words)
    # Without a fault of its own it would stay up: at a port that is free.
    for words in (("--proxy", "nonsense"), ("--allow-host", "no host")):
        part.run(*words, "serve", "--listen", "127.0.0.1:0")
    for name, value in {"DATA": "nowhere", "URL": "nonsense", "LOG": "((", "CONFIG": "none.toml", "NONSENSE": "x"}.items():
        part.run("incidents", label=f"DATELINE_{name}={value}", flags=(), environment={f"DATELINE_{name}": value})
    for name in ("LISTEN", "LEDGER", "VIEWS", "STATE_STORE", "ARCHIVE", "REPORTS", "FOLD_MEMORY_MIB"):
        part.run("serve", label=f"DATELINE_{name}=nonsense", flags=(), environment={f"DATELINE_{name}": "nonsense"})
    for flag in ("--state-store", "--archive", "--reports"):
        part.run(flag, "nonsense", "serve")


def upgraded(part, data):
    """What another program wrote (the old one, where two are compared) is found, and gone on with."""
    house, seed = part.house, part.house.world.seed
    feed = ("import", "atom", data / "github-atom/github-status-history.atom", "--service", "github", "--name", "GitHub", "--read-at",
        "2026-09-01T00:00:00Z")
    (house.folder / "mail.csv").write_text(series())
    reports = ("import", "reports", "mail.csv", "--service", "mail", "--channel", "a-monitor")
    for words in (("publish", house.world.scratch / "outage.ndjson"), feed, reports):
        house.must(*words, program=seed)
    key = json.loads(house.must("keys", "create", "--name", "desk", "--scope", "read", "--scope", "publish:/desks/demo", "--format", "json",
        program=seed))["key"]
    house.world.rules.learn_keys(key.encode())
    house.must("rebuild", program=seed)
    for words in (("keys", "list"), ("incidents", "--limit", "3"), ("timeline", "whatsapp"), ("ledger", "check"), ("views", "check"),
        ("publish", house.world.scratch / "outage.ndjson"), feed, reports):
        part.run(*words)
    house.serve()
    until_detected(house)
    caller = {"authorization": f"Bearer {key}"}
    for path in ("/v1/incidents?limit=3", "/v1/incidents/whatsapp/timeline.txt", "/v1/incidents/github/edits", "/v1/vendors/github/edits?limit=3",
        "/v1/services", "/v1/watch/pages/github?limit=2", "/v1/events/1", "/v1/events/83"):
        part.get(path, headers=caller)
    part.get("/v1/incidents", label="without the key")
    part.keep("the server's exit code", b"%d\n" % house.stop())
    part.keep("what is kept", house.kept().encode())


def carried(part):
    """A ledger carried between files, an archive beside it, and a ledger restored from it."""
    house = part.house
    house.must("publish", house.world.scratch / "outage.ndjson")
    if house.engine == "sqlite":
        house.flags += ["--archive", "sqlite:data/archive.db"]
        source, target = "sqlite:data/ledger.db", "sqlite:data/copy.db"
    else:
        source, target = house.ledger, "sqlite:copy.db"
    part.run("ledger", "copy", source, target)
    part.run("ledger", "copy", source, target, label="again")
    archive = house.start("archive") if house.engine != "sqlite" else house.serve()
    until("the archive is full", lambda: house.run(("ledger", "check"))[0] == 0 and b"no archive" not in house.run(("ledger",
        "check"))[1] and b"not in the archive" not in house.run(("ledger", "check"))[1])
    if house.engine != "sqlite":
        part.gets_of(archive, "archive", "/health/live", "/health/ready", "/v1/incidents", "/")
        part.metrics(url=archive.url, label="archive")
    archive.stop()
    part.run("ledger", "check")
    part.run("ledger", "restore")
    part.run("ledger", "check", label="restored")
    part.run("ledger", "restore", "--open", label="again")
    part.run("rebuild", label="restored")
    part.run("timeline", "whatsapp", label="restored")


def roles(part):
    """A process a role: what each answers, and what it leaves to the others."""
    house = part.house
    # Files are written by one process at a time: there the roles follow each other.
    beside = house.engine != "sqlite"
    started = []
    for role in ("intake", "projector", "reader", "detector"):
        flags = ("--url", started[0].url) if role == "detector" and started else ()
        if role == "detector" and not beside:
            part.run(role, "--listen", "127.0.0.1:0")
            continue
        process = house.start(role, flags=flags)
        if role == "intake":
            part.run("publish", "--url", process.url, house.world.scratch / "outage.ndjson")
        if role in ("projector", "reader"):
            until(f"the {role} has caught up", lambda: json.loads(get(process.url, "/health/ready").body).get("positions_behind", 0) == 0)
        until(f"the {role} is ready", lambda: get(process.url, "/health/ready").status == 200 or not beside)
        until(f"the {role} has read through", lambda: b'"scrubbed":' not in (body := get(process.url,
            "/health/ready").body) or b'"scrubbed":83' in body)
        part.gets_of(process, role, "/", "/health/live", "/health/ready", "/v1/incidents", "/v1/incidents/whatsapp/timeline.txt", "/v1/events/1",
            "/v1/services", "/v1/detector", "/v1/watch",
                     "/v1/live?after=x", "/openapi.json", "/nowhere")
        part.metrics(url=process.url, label=role)
        part.ask("POST", "/v1/events", headers={"content-type": "application/cloudevents+json"}, body=b"{}", label=role, url=process.url)
        part.ask("POST", "/v1/reports", headers={"content-type": "application/json"}, body=b"{}", label=role, url=process.url)
        part.run("health", "--url", process.url, label=role)
        if beside:
            started.append(process)
        else:
            part.keep(f"the exit code of the {role}", b"%d\n" % process.stop())
    for process in reversed(started):
        part.keep(f"the exit code of {len(started)} roles", b"%d\n" % process.stop())
        started.remove(process)


class Vendor(http.server.BaseHTTPRequestHandler):
    """A status page that shows what it is told to."""

    shown = b""

    def do_GET(self):
        self.send_response(200 if self.path == "/summary.json" else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(self.shown)))
        self.end_headers()
        self.wfile.write(self.shown)

    def log_message(self, *_):
        """It keeps quiet."""


def page(name, *posts):
    """A Statuspage with one incident; without posts, with none."""
    said = [{"id": number, "status": "investigating", "body": words, "display_at": "2026-01-05T10:00:00Z",
        "updated_at": "2026-01-05T10:00:00Z"} for number, words in posts]
    incident = {"id": "a", "name": name, "status": "investigating", "impact": "minor", "started_at": "2026-01-05T10:00:00Z", "incident_updates": said}
    return json.dumps({"page": {"id": "p", "name": "Mail", "url": "https://status.mail.example"}, "components": [],
        "incidents": [incident] if posts else [], "scheduled_maintenances": []}).encode()


def watched(part):
    """A page that is read live and changes in silence: what is told of it, but for when it was read."""
    house = part.house
    vendor = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=vendor.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{vendor.server_port}/summary.json"
    (house.folder / "pages.toml").write_text(f'[[page]]\nservice = "mail"\n[[page.feed]]\nurl = "{address}"\ndialect = "statuspage"\nevery_s = 1\n')
    (house.folder / "public.toml").write_text(f'[[page]]\nservice = "mail"\n[[page.feed]]\nurl = "{address}"\ndialect = "statuspage"\n')
    part.run("watch", "public.toml", label="a private address")
    Vendor.shown = page("Slow mail", ("p1", "We are looking into it."))
    watcher = house.start("watch", "pages.toml", "--allow-private")
    house.url = watcher.url

    def told(words, name="Slow mail"):
        answer = get(house.url, "/v1/watch/pages/mail?presence=all")
        if answer.status != 200:
            return False
        items = json.loads(answer.body)["incidents"]
        return bool(items) and items[0]["name"] == name and [post["text"] for post in items[0]["updates"]] == words

    until("the first reading is told", lambda: told(["We are looking into it."]))
    Vendor.shown = page("Lost mail", ("p1", "All is well."))
    until("the edit is told", lambda: told(["All is well."], "Lost mail"))
    Vendor.shown = page("")
    until("it left the page", lambda: json.loads(get(house.url, "/v1/watch/pages/mail?presence=all").body)["incidents"][0]["presence"] == "absent")
    until("nothing is pending", lambda: json.loads(get(house.url, "/health/ready").body).get("positions_behind", 0) == 0)
    for path in ("/v1/watch/pages/mail?presence=all", "/v1/watch/pages/mail", "/v1/incidents/mail/edits", "/v1/vendors/mail/edits",
        "/v1/incidents/mail/timeline", "/v1/incidents/mail/events",
                 "/v1/services/mail"):
        part.get(path, shape=without_seconds)
    part.get("/v1/watch", shape=members_only)
    part.metrics()
    part.metrics("/metrics/ledger")
    part.keep("the watcher's exit code", b"%d\n" % watcher.stop())
    vendor.shutdown()


def members_only(body):
    """The members of a JSON document and the kinds of their values: how often a page was read is a matter of time."""

    def shape(value):
        if isinstance(value, dict):
            return {name: shape(member) for name, member in value.items()}
        return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__

    return json.dumps(shape(json.loads(body)), indent=1).encode()
