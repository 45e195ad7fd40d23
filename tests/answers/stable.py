"""What differs between two recordings of one program, and how it is made the same. Each rule is narrow, and is told beside it.

No rule is here for what a program merely says otherwise: that is a difference, and belongs to differences.py.
"""

import datetime
import re

# An instant is of this recording where it lies between its start and its end; so much before the start still counts, in seconds.
BEFORE_THE_START_S = 60

INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d(?::|%3A)\d\d(?:(?::|%3A)\d\d(?:\.\d{1,9})?)?Z")

# A key's id and secret, as `keys create` prints them.
API_KEY = re.compile(rb"dateline_([0-9a-f]{12})\.([A-Za-z0-9_-]{43})")

# The salt of a record: random, so that what was redacted cannot be guessed.
SALT = re.compile(rb'"salt":"[A-Za-z0-9+/]{43}="')

# How long a command took.
TOOK = re.compile(rb"\bin \d+(?:\.\d+)? (?:s|ms)\b")

# A port that the recording, or the program, was given by the machine; 7310 is the program's own.
PORT = re.compile(rb"127\.0\.0\.1:(?!7310\b)[1-9]\d{3,4}\b")

# A strong ETag: a hash of the body.
HASH = re.compile(r'"[0-9a-f]{32}"')

# A sample of /metrics: what is measured is kept, not how much.
SAMPLE = re.compile(rb"^([a-z_]+(?:\{[^}\n]*\})?) [-+0-9.eE]+(?:NaN|Inf)?$", re.MULTILINE)

# How long something took, in what is told of an incident.
ELAPSED = re.compile(rb'("seconds_(?:min|max)":)\d+')

# This header is the clock's.
CLOCK_HEADERS = {"date"}


class Rules:
    """What one recording has learned to be its own: its folder, its keys."""

    def __init__(self, start):
        self.start = start - datetime.timedelta(seconds=BEFORE_THE_START_S)
        self.own = {}

    def learn(self, own, name):
        """This text is of this recording alone: a folder, the id of a key."""
        self.own[str(own).encode()] = b"{" + name.encode() + b"}"

    def learn_keys(self, text):
        """Ids and secrets of the API keys in a text."""
        for number, secret in API_KEY.findall(text):
            if number not in self.own:
                many = sum(name.startswith(b"{key-id-") for name in self.own.values()) + 1
                self.own[number] = b"{key-id-%d}" % many
                self.own[secret] = b"{key-secret-%d}" % many

    def stable(self, text):
        """The text with what is of this recording alone replaced by its name."""
        self.learn_keys(text)
        for own in sorted(self.own, key=len, reverse=True):
            text = text.replace(own, self.own[own])
        text = INSTANT.sub(self._instant, text)
        text = PORT.sub(b"127.0.0.1:{port}", text)
        text = SALT.sub(b'"salt":"{salt}"', text)
        return TOOK.sub(b"in {duration}", text)

    def _instant(self, found):
        written = found[0].decode().rstrip("Z").replace("%3A", ":")
        whole, _, part = written.partition(".")
        whole += ":00" if whole.count(":") == 1 else ""
        try:
            instant = datetime.datetime.fromisoformat(f"{whole}.{(part or '0')[:6].ljust(6, '0')}+00:00")
        except ValueError:
            return found[0]
        now = datetime.datetime.now(datetime.timezone.utc)
        return b"{now}" if self.start <= instant <= now else found[0]


def without_values(metrics):
    """/metrics without the figures; the order of its lines is one of chance."""
    return b"".join(sorted(SAMPLE.sub(rb"\1 {value}", metrics).splitlines(keepends=True)))


def without_seconds(body):
    """How long after: of what was read now."""
    return ELAPSED.sub(rb"\1{seconds}", body)
