"""What the new program may answer otherwise than the old one, each with its reason.

The list is of one piece of work: it begins empty, grows with what that work changes on purpose, and is emptied when the next one takes
its result as the old program. Everything else is equal, byte for byte. A difference that no longer occurs fails the comparison, so
that the list says what is so.

Names are those of the files of a recording, with * and ?: "sqlite/help/dateline publish*", "*/demo/GET %2Fv1%2Fincidents*"; only / and
a few others are written as percent signs and digits, as in the folders of a recording.
"""

# Where such a text stood in the old answer, such a one stands in the new: (answers, old, new, reason). `old` is a regular expression,
# `new` its replacement. Every answer that matches may use it, and one must.
RENAMED = [
    ("*", r'(, lines? \d+(?: to \d+)?: |"refused":")[A-Z][^()"\n]* \(\d{3}\): ', r"\1", "commands do not speak HTTP"),
    ("*", r"A parameter is wrong \(400\): (lang|limit): ", r"--\1: ", "commands name the flag"),
    ("*", r"A parameter is wrong \(400\): (at|state): ", r"--\1 ", "commands name the flag"),
    ("*", r"A parameter is wrong \(400\): as_of: (.*); ask with .*", r"--as-of: \1", "commands name the flag"),
    ("*", r"No such incident \(404\): (.*); /v1/incidents lists them", r"\1; `dateline incidents` lists what there is", "commands do not speak HTTP"),
    ("*dateline*incidents*", r"^exit code 1\n", "exit code 0\n", "an empty list is an answer"),
    ("*", r"vary: accept, accept-language", "vary: accept, accept-encoding, accept-language", "an answer comes packed to whoever takes gzip"),
    ("*/demo/*", r" --data data/demo", "", "the demo plays in the data folder itself"),
    ("*/demo/*", r"data/demo", "data", "the demo plays in the data folder itself"),
]

# Answers whose content may be anything: (answers, reason). For what cannot be said as a renaming; keep the names narrow.
CHANGED = [
    ("*/help/*", "the settings that every command takes stand behind a command's own flags, with examples; `detect --numbers` is deleted"),
    ("*/dateline detect*--numbers*", "`detect --numbers` is deleted: no role used its method"),
    ("*/dateline completions*", "they hold the help of flags, and `detect --numbers` is deleted"),
    ("*/mistakes/*URL=*", "--url takes https:// and HOST:PORT, and says what it expects"),
    ("*/mistakes/*--url *", "--url takes https:// and HOST:PORT, and says what it expects"),
    ("*/mistakes/dateline health", "it says the same as other commands where nobody answers"),
    ("*serve --listen 127.0.0.1:0 ?beside a server?", "it says which server runs"),
    ("*dateline timeline whatsap", "did you mean whatsapp"),
    ("*dateline timeline whatsap --url*", "did you mean whatsapp"),
    ("*dateline timeline whatsapp --known-at 2022-10-25*", "a day is read in a zone"),
    ("*dateline import reports*--region Atlantis*", "the flag is read before anything is sent"),
    ("*dateline import reports*--symptom smell*", "the flag is read before anything is sent"),
]

# Answers that only the old program gives: (answers, reason).
GONE = [
]

# Answers that only the new program gives: (answers, reason).
ADDED = [
]
