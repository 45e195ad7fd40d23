"""Vendors' pages: the history of GitHub's, told as it was at any moment, and one import of each dialect."""

import gzip
import json

from ask import get

THEN = "2023-06-29T18:00:00Z"
VERSIONS = "statuspage/github/github.versions.jsonl.gz"
VISIBILITY = "statuspage/github/github.visibility.csv"

PAGES = (
    "", f"known_at={THEN}", "known_at=2020-01-01T00:00:00Z", "known_at=2022-03-23T15:00:00Z", "known_at=x", "as_of=100", "as_of=0",
    "presence=all&limit=3",
    "presence=some", f"known_at={THEN}&presence=all&limit=5", "nature=outage&limit=2", "nature=maintenance&limit=2", "nature=flood", "limit=0",
    "limit=501",
    "cursor=nonsense", "colour=red", "min_position=999999&wait_ms=20",
)

EDITS = (
    "limit=5", "", "kind=words", "kind=start,end", "kind=smell", "minor=false&limit=5", "minor=perhaps", "kind=severity&limit=3&lang=bn",
    f"known_at={THEN}&limit=5",
    "as_of=500&limit=5", "tz=Asia/Kolkata&limit=3", "tz=Nowhere/At", "lang=de&limit=1", "limit=0", "limit=501", "cursor=nonsense", "colour=red",
)

LISTS = (
    "limit=3", "service=github&limit=2&lang=bn", "q=actions&limit=3", "q=actions%20degraded&limit=3", f"known_at={THEN}&limit=3",
    "as_of=1000&limit=3",
    "at=2023-06-29T18:00:00Z", "from=2023-06-01T00:00:00Z&to=2023-07-01T00:00:00Z&limit=5", "nature=maintenance&limit=3",
    "state=detected,acknowledged&limit=3",
    "vendor=github&sort=started&limit=2", "region=world&limit=2", "region=US&limit=2", "tz=America/Los_Angeles&limit=2", "symptom=app&limit=2",
    "known_at=2021-01-01T00:00:00Z&service=github&limit=2", "known_at=2026-08-01T00:00:00Z&service=github", "state=restored&limit=2&as_of=300",
)

TIMELINES = (
    "timeline", "timeline.txt", "timeline.txt?lang=bn&claims=true", "timeline.json?retracted=true", f"timeline.txt?known_at={THEN}",
    "timeline.txt?as_of=2000",
    "edits", "edits?lang=bn", "events", f"edits?known_at={THEN}",
)

# Incidents of the history whose timelines are asked for: so many of the newest, and so many with silent edits.
NEWEST, EDITED = 4, 6


def read_history(part, data):
    """The whole history into files; over the bus it is carried there from files, as `ledger copy` does."""
    house = part.house
    words = ("import", "versions", data / VERSIONS, "--visibility", data / VISIBILITY, "--name", "GitHub")
    if house.engine == "sqlite":
        part.run(*words)
        part.run(*words, label="again")
        part.run("import", "versions", data / VERSIONS, "--name", "GitHub", "--dry-run", "--format", "json", label="dry")
        return
    files = part.house.world.scratch / "sqlite/github/data"
    if not files.is_dir():
        house.run(words, flags=["--data", files])
    part.run("ledger", "copy", f"sqlite:{files}/ledger.db", house.ledger)
    part.run("ledger", "copy", f"sqlite:{files}/ledger.db", house.ledger, label="again")
    part.run("rebuild")


def edited_incidents(url):
    """Incidents that were changed silently, in the order of the list."""
    listed = json.loads(get(url, "/v1/vendors/github/edits?limit=500").body)["edits"]
    found = dict.fromkeys(edit["incident"]["incident"] if isinstance(edit["incident"], dict) else edit["incident"] for edit in listed)
    return list(found)


def github(part, data):
    """GitHub's history, and what readers ask of it."""
    read_history(part, data)
    house = part.house
    house.serve()
    for path, questions in (("/v1/watch/pages/github", PAGES), ("/v1/vendors/github/edits", EDITS), ("/v1/incidents", LISTS), ("/", LISTS[:9])):
        for question in questions:
            part.get(f"{path}{question and '?'}{question}")
    for ending in ("atom", "feed.json"):
        for question in ("limit=3", "limit=2&lang=bn&kind=words", f"known_at={THEN}&limit=2", "limit=0"):
            part.get(f"/v1/vendors/github/edits.{ending}?{question}")
        part.conditional(f"/v1/vendors/github/edits.{ending}?limit=3")
    for path in ("/v1/incidents?limit=2", "/v1/incidents?limit=2&sort=started&q=git", "/v1/watch/pages/github?presence=all&limit=2",
        "/v1/vendors/github/edits?limit=3",
                 "/v1/vendors/github/edits.atom?limit=3", "/v1/incidents?known_at=2023-01-01T00:00:00Z&service=github&limit=2", "/?limit=5"):
        part.pages(path, 3)
    newest = [found["incident"] for found in json.loads(get(house.url, f"/v1/incidents?limit={NEWEST}").body)["incidents"]]
    for number in dict.fromkeys(newest + edited_incidents(house.url)[:EDITED]):
        part.get(f"/v1/incidents/{number}")
        part.get(f"/incidents/{number}?lang=bn")
        for question in TIMELINES:
            part.get(f"/v1/incidents/{number}/{question}")
    part.gets("/v1/services", "/v1/services/github", "/v1/events?state=poison&limit=5", "/v1/events?state=unattached&limit=5",
        "/v1/events?after=6000&limit=3", "/health/ready")
    part.live("/v1/live?after=6200")
    for words in (("timeline", "github"), ("timeline", "github", "--known-at", "2023-06-29", "--lang", "bn"), ("incidents", "--limit", "5"),
                  ("incidents", "--known-at", "2023-06-29T18:00:00Z", "--service", "github", "--limit", "3", "--format", "json"),
                  ("audit", "replay", "--until", "40", "--timeline", "github")):
        part.run(*words)
    part.keep("the server's exit code", b"%d\n" % house.stop())
    # Over the bus `views check` takes half a minute here; the dialects' smaller views are checked there.
    for words in (("ledger", "check"), ("ledger", "check", "--voices"), *([("views", "check")] if house.engine == "sqlite" else [])):
        part.run(*words)


def first_lines(source, lines, target):
    """The first lines of a packed history, as a file of its own."""
    with gzip.open(source, "rb") as packed:
        target.write_bytes(b"".join(line for line, _ in zip(packed, range(lines))))
    return target


def dialects(part, data):
    """Each dialect from its own files, and what is told of it."""
    house, read_at = part.house, ("--read-at", "2026-09-01T00:00:00Z")
    snapshots = sorted((data / "statuspage/github/snapshots").glob("*.json"))[:3]
    gcp = first_lines(data / "gcp/gcp.versions.jsonl.gz", 120, house.folder / "gcp.versions.jsonl")
    aws = first_lines(data / "aws/aws.versions.jsonl.gz", 120, house.folder / "aws.versions.jsonl")
    cstate = sorted((data / "cstate/cstate-example/exampleSite/content/issues").glob("*.md"))
    upptime = sorted((data / "upptime").glob("*/history/*.yml"))[:4]
    for words in (
        ("statuspage", snapshots[0], *read_at), ("statuspage", *snapshots[1:]), ("versions", gcp, "--name", "Google Cloud", "--format", "json"),
        ("versions", aws, "--name", "AWS", "--vendor", "amazon"), ("aws", data / "aws/data.last-of-2022.json", "--name", "AWS late", *read_at),
        ("atom", data / "github-atom/github-status-history.atom", "--service", "github", "--name", "GitHub", *read_at),
        ("cstate", *cstate, "--name", "cState", *read_at), ("upptime", *upptime, "--name", "Manticore", *read_at),
        ("gcp", snapshots[0], "--name", "Wrong"), ("statuspage", cstate[0], "--name", "Wrong"), ("atom", gcp, "--name", "Wrong"), ("nothing", gcp),
        ("statuspage",), ("statuspage", snapshots[0], "--read-at", "soon"), ("versions", gcp, "--visibility", gcp),
        ("gcp", data / "gcp/incidents.json", "--dry-run"),
    ):
        part.run("import", *words)
    house.serve()
    for service in json.loads(get(house.url, "/v1/services").body)["services"]:
        slug, vendor = service["slug"], (service["vendor"] or {}).get("slug", service["slug"])
        part.gets(f"/v1/services/{slug}", f"/v1/watch/pages/{slug}?presence=all&limit=3", f"/v1/incidents?service={slug}&limit=3",
            f"/v1/incidents/{slug}/timeline.txt",
                  f"/v1/incidents/{slug}/timeline?lang=bn", f"/incidents/{slug}", f"/v1/vendors/{vendor}/edits?limit=3&tz={slug}",
                  f"/v1/incidents?vendor={vendor}&service={slug}&nature=maintenance&limit=2")
    part.gets("/v1/events?state=poison", "/v1/events?state=unattached")
    part.keep("the server's exit code", b"%d\n" % house.stop())
    part.run("views", "check")
