"""Free text made safe to serialize, log and show: one line, valid Unicode, bounded."""

import unicodedata


def one_line(text: str, most_characters: int = 200) -> str:
    """Return ``text`` on one line, without control characters or lone surrogates, cut to ``most_characters``.

    Faults carry foreign text (file names, a broker's words); a byte of it must not break an event or a log line.
    """
    valid = text.encode("utf-8", "replace").decode("utf-8")
    printable = "".join(" " if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} else char for char in valid)
    line = " ".join(printable.split())
    return line if len(line) <= most_characters else line[: most_characters - 1] + "…"
