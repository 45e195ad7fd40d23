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
]

# Answers whose content may be anything: (answers, reason). For what cannot be said as a renaming; keep the names narrow.
CHANGED = [
]

# Answers that only the old program gives: (answers, reason).
GONE = [
]

# Answers that only the new program gives: (answers, reason).
ADDED = [
]
