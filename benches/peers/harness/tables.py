"""The measurements as Markdown: medians over the rounds with the least and the most, and the ratios to Dateline round by round."""

from statistics import median


def spread(values, form):
    middle = form.format(median(values))
    return middle if len(values) == 1 else f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def table(head, lines):
    print("\n".join(["", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(line) + " |" for line in lines]))


def heading(row):
    kind, callers, batch = row
    return kind if kind != "append" else f"{callers} × {batch}"


class Results:
    """What every store did in every round: events a second, or what it said instead."""

    def __init__(self, rows):
        self.rows = rows
        self.rates = {}
        self.calls = {}
        self.retries = {}
        self.failed = {}
        self.absent = {}
        self.probes = {}

    def add(self, turn, line):
        store, row = line["store"], (line["row"], line.get("callers"), line.get("batch"))
        if line["row"] == "absent":
            self.absent[store] = line["failed"]
        elif "failed" in line:
            self.failed.setdefault((store, row), line["failed"])
        else:
            self.rates.setdefault((store, row), {})[turn] = line["events"] / line["seconds"]
        if "p50_ms" in line:
            self.calls.setdefault((store, row), []).append((line["p50_ms"], line["p99_ms"]))
            self.retries[store, row] = self.retries.get((store, row), 0) + line["retries"]

    def probed(self, store, before, after, quick):
        """fdatasync before and after a turn of a store, p50 and p99 in milliseconds; whether the disk was quick when it began."""
        self.probes.setdefault(store, []).append((before, after, quick))

    def cell(self, store, row):
        if (store, row) in self.rates:
            return spread(list(self.rates[store, row].values()), "{:.0f}")
        if store in self.absent:
            # Any other reason than an address without an engine is a failure.
            return "not built" if "no ledger's address" in self.absent[store] else "failed"
        return "failed" if (store, row) in self.failed else "none"

    def ratio(self, ours, store, row):
        mine, theirs = self.rates.get((ours, row), {}), self.rates.get((store, row), {})
        both = [mine[turn] / theirs[turn] for turn in mine if turn in theirs]
        return spread(both, "{:.2f}") if both else "–"

    def print(self, names, ours):
        self._print_probes(names)
        head = [heading(row) for row in self.rows]
        print("\n### Events a second (callers × events a call; median, least and most of the rounds)")
        table(["store", *head], [[label, *(self.cell(store, row) for row in self.rows)] for store, label in names.items()])
        for mine in ours:
            if mine not in names or mine in self.absent:
                continue
            print(f"\n### {names[mine]} ÷ the other, round by round")
            others = [store for store in names if store != mine]
            table(["store", *head], [[names[store], *(self.ratio(mine, store, row) for row in self.rows)] for store in others])
        singles = [row for row in self.rows if row[0] == "append" and row[2] == 1]
        if singles:
            print("\n### How long a single append takes, p50 / p99 in milliseconds (median of the rounds)")
            called = lambda key: " / ".join(f"{median(values):.2f}" for values in zip(*self.calls[key])) if key in self.calls else "–"
            table(["store", *map(heading, singles)], [[label, *(called((store, row)) for row in singles)] for store, label in names.items()])
        for (store, row), count in self.retries.items():
            if count:
                print(f"\n{names[store]}, {heading(row)}: {count} calls were refused and made again.")
        for store, said in self.absent.items():
            print(f"\n{names[store]}: {said}")
        for (store, row), said in self.failed.items():
            print(f"\n{names[store]}, {heading(row)}: {said}")

    def _print_probes(self, names):
        print("\n### fdatasync of 4 KiB beside each store's turns, in milliseconds (median, least and most)")
        lines = []
        for store, turns in self.probes.items():
            before, after = [turn[0][0] for turn in turns], [turn[1][0] for turn in turns]
            late = median(turn[0][1] for turn in turns)
            slow = sum(not turn[2] for turn in turns)
            lines.append([names[store], spread(before, "{:.2f}"), f"{late:.2f}", spread(after, "{:.2f}"), f"{slow} of {len(turns)}"])
        table(["store", "p50 before", "p99 before", "p50 after", "turns begun on a slow disk"], lines)
