"""Two recordings side by side: what differs, what may differ, and what of that no longer does."""

import difflib
import fnmatch
import json
import re

import differences

# So many lines of a difference are shown, and so many differences.
LINES_SHOWN, DIFFERENCES_SHOWN = 12, 40


def matches(name, pattern):
    return re.fullmatch(fnmatch.translate(pattern.replace("[", "[[]")), name) is not None


def answers(folder):
    return {str(file.relative_to(folder)): file for file in sorted(folder.rglob("*")) if file.is_file() and file.parent != folder}


def ordered(text):
    """Lines that are JSON with their members in one order: that order says nothing. Numbers stay as they are written."""

    def line(line):
        if not line.startswith((b"{", b"[")):
            return line
        try:
            # What stands for another value in every run is none of JSON's.
            line = re.sub(rb"([:,\[])(\{[a-z_]+\})", rb'\1"\2"', line)
            return json.dumps(json.loads(line, parse_float=str, parse_int=str), sort_keys=True, ensure_ascii=False).encode()
        except ValueError:
            return line

    return b"\n".join(map(line, text.split(b"\n")))


class Comparison:
    """Of two folders."""

    def __init__(self, old, new, is_whole):
        self.old, self.new, self.is_whole = answers(old), answers(new), is_whole
        self.faults, self.used = [], set()

    def allowed(self, kind, name):
        """True where the list says so; the entry is then used."""
        found = [(kind, number) for number, (pattern, *_) in enumerate(getattr(differences, kind)) if matches(name, pattern)]
        self.used.update(found)
        return bool(found)

    def renamed(self, name, text):
        for number, (pattern, old, new, _) in enumerate(differences.RENAMED):
            if matches(name, pattern):
                changed = re.sub(old.encode(), new.encode(), text)
                if changed != text:
                    self.used.add(("RENAMED", number))
                text = changed
        return text

    def compare(self, name):
        old, new = self.old[name].read_bytes(), self.new[name].read_bytes()
        # A renaming of what is the same in both is none.
        if old == new or ordered(self.renamed(name, old)) == ordered(new) or self.allowed("CHANGED", name):
            return
        shown = difflib.unified_diff(self.renamed(name, old).decode(errors="replace").splitlines(), new.decode(errors="replace").splitlines(), "old",
            "new", lineterm="", n=0)
        lines = [line if len(line) < 400 else around(line, old, new) for line in shown]
        more = [f"… {len(lines) - LINES_SHOWN} lines more"] if len(lines) > LINES_SHOWN else []
        self.faults.append("\n    ".join([name, *lines[:LINES_SHOWN], *more]))

    def run(self):
        """True where all is equal, or told in the list."""
        for name in sorted(self.old.keys() | self.new.keys()):
            if name not in self.new:
                if not self.allowed("GONE", name):
                    self.faults.append(f"{name}\n    only the old program answers it")
            elif name not in self.old:
                if not self.allowed("ADDED", name):
                    self.faults.append(f"{name}\n    only the new program answers it")
            else:
                self.compare(name)
        if self.is_whole:
            for kind in ("RENAMED", "CHANGED", "GONE", "ADDED"):
                for number, entry in enumerate(getattr(differences, kind)):
                    if (kind, number) not in self.used:
                        self.faults.append(f"differences.py, {kind}: {entry} no longer occurs: take it out")
        for fault in self.faults[:DIFFERENCES_SHOWN]:
            print(fault)
        if len(self.faults) > DIFFERENCES_SHOWN:
            print(f"… {len(self.faults) - DIFFERENCES_SHOWN} more differences; diff -r OLD NEW shows them")
        return not self.faults

    def sizes(self):
        engines = {}
        for name in self.new:
            engine = name.split("/")[0]
            engines[engine] = engines.get(engine, 0) + 1
        return ", ".join(f"{number} answers on {engine}" for engine, number in sorted(engines.items(), reverse=True))


def around(line, old, new):
    """A long line from shortly before the first byte that differs."""
    old, new = old.decode(errors="replace"), new.decode(errors="replace")
    first = next((at for at, (one, other) in enumerate(zip(old, new)) if one != other), min(len(old), len(new)))
    text = old if line.startswith("-") else new
    return f"{line[:1]}… {text[max(0, first - 100):first + 200]} …"
