"""A recording: a folder for each engine, a folder for each part, a file for each answer."""

import hashlib
import urllib.parse

from ask import ask, get, raw, stream, unpacked
from stable import CLOCK_HEADERS, HASH, without_values

# A file's name is at most so long, in bytes; longer ones end in a hash.
NAME_BYTES = 200


def file_name(name):
    quoted = urllib.parse.quote(name, safe=" =&,:+.-[](){}<>'*!|")
    if len(quoted) > NAME_BYTES:
        quoted = f"{quoted[:NAME_BYTES]}~{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    return quoted


class Part:
    """One part of a recording, on one house: it asks and keeps what was answered."""

    def __init__(self, folder, house):
        self.folder, self.house = folder, house
        self.asked, self.count = set(), 0
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, name, text):
        file = self.folder / file_name(name)
        if file.exists():
            raise ValueError(f"{self.folder.name}: two answers are called {name}")
        file.write_bytes(self.house.world.rules.stable(text))
        self.count += 1

    # Commands.

    def run(self, *words, given=b"", label="", flags=None, environment=None, is_sorted=False):
        """A command: exit code, stdout, stderr; the lines sorted where their order is that of random ids."""
        words = [str(word) for word in words]
        code, said, errors = self.house.run(words, given, flags, environment=environment)
        shown = b"".join(sorted(self.house.world.rules.stable(said).splitlines(keepends=True))) if is_sorted else said
        name = self.house.world.rules.stable(" ".join(words).encode()).decode()
        self.keep(f"dateline {name}{label and f' [{label}]'}", b"exit code %d\n\n-- stdout --\n%s-- stderr --\n%s" % (code, shown, errors))
        return said

    # Questions.

    def keep_answer(self, name, question, answer, body, is_whole=True):
        heads = []
        for header, value in sorted(answer.headers):
            if header in CLOCK_HEADERS:
                continue
            if header == "content-length" and value == str(len(answer.body)):
                value = "(right)"
            # The length of a body that was not sent is told; the body may tell now.
            elif header == "content-length" and not is_whole:
                value = "(a number)"
            if header == "etag" and HASH.fullmatch(value) and (not answer.body or self.house.world.rules.stable(body) != body):
                value = "(a hash of what varies)"
            heads.append(f"{header}: {value}\n")
        head = f"{question}\n\n{answer.status} {answer.reason}\n{''.join(heads)}\n"
        self.keep(name, head.encode() + body)

    def ask(self, method, path, headers=None, body=None, label="", shape=None, url=None):
        """A question over HTTP. `shape` is what is kept of the body, where that is not all of it."""
        headers = headers or {}
        answer = ask(url or self.house.url, method, path, headers, body)
        self.asked.add((method.lower(), path.split("?")[0]))
        text = unpacked(answer) if method != "HEAD" else answer.body
        asked = "".join(f"\n{name}: {HASH.sub('(a hash)', value)}" for name, value in headers.items())
        name = f"{method} {path}{label and f' [{label}]'}"
        self.keep_answer(name, f"{method} {path}{asked}", answer, shape(text) if shape else text, method != "HEAD")
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def gets(self, *paths):
        for path in paths:
            self.get(path)

    def gets_of(self, process, label, *paths):
        """The same of another process."""
        for path in paths:
            self.get(path, label=label, url=process.url)

    def pages(self, path, pages):
        """A list page by page, as Link names the next one; named by the first question, because cursors are the program's own."""
        first = path
        for number in range(1, pages + 1):
            answer = get(self.house.url, path)
            self.keep_answer(f"page {number} of GET {first}", f"GET {path}", answer, answer.body)
            path = answer.next_page()
            if path is None:
                return

    def conditional(self, path):
        """What is asked again with its ETag, with another, and with any."""
        etag = get(self.house.url, path).header("etag")
        for label, value in (("same", etag or '"none"'), ("another", 'W/"another"'), ("any", "*"), ("list", f'"x", {etag}')):
            self.get(path, headers={"if-none-match": value}, label=f"if-none-match {label}")

    def live(self, path, headers=None, last=b"event: caught-up", label=""):
        """A live stream up to a line."""
        headers = headers or {}
        answer = stream(self.house.url, path, headers, last)
        self.asked.add(("get", path.split("?")[0]))
        asked = "".join(f"\n{name}: {value}" for name, value in headers.items())
        self.keep_answer(f"LIVE {path}{label and f' [{label}]'}", f"GET {path}{asked}", answer, answer.body)

    def raw(self, label, sent):
        """Bytes that are hardly HTTP."""
        got = b"\n".join(line for line in raw(self.house.url, sent).split(b"\n") if not line.lower().startswith(b"date:"))
        self.keep(f"RAW {label}", sent[:500] + b"\n\n" + got)

    def metrics(self, path="/metrics", url=None, label=""):
        self.get(path, shape=without_values, url=url, label=label)
