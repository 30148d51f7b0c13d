# SPDX-License-Identifier: ISC
# tests/lib/chat.py - reads the dialogues of tests/chat, as chat.c does.
"""steps(path) gives (kind, text) pairs; kinds are the words of chat.h."""

import re

PURE = {"class", "client", "queue", "intake", "stock"}
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


def unescape(text):
    out = b""
    for piece in re.findall(r"\\x[0-9a-fA-F]{2}|\\.|[^\\]+", text):
        if piece.startswith("\\x"):
            out += bytes([int(piece[2:], 16)])
        elif piece.startswith("\\"):
            out += ESCAPES[piece[1]]
        else:
            out += piece.encode()
    return out


def decode(text):
    """The bytes of a C line: escapes, and {TEXT*N} repeated."""
    out = b""
    for piece in re.findall(r"\{[^}]*\}|[^{]+", text):
        if piece.startswith("{"):
            inside, _, times = piece[1:-1].rpartition("*")
            out += unescape(inside) * int(times)
        else:
            out += unescape(piece)
    return out


def steps(path):
    found = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        word, _, text = line.partition(" ")
        if not word or word.startswith("#"):
            continue
        if word in ("C:", "C+"):
            data = decode(text) + (b"\r\n" if word == "C:" else b"")
            found.append(("send", data))
        else:
            found.append((word, text.strip()))
    return found


def needs_core(dialogue):
    """It speaks of what a client cannot arrange."""
    return any(kind in PURE for kind, _ in dialogue)


def matches(pattern, line):
    parts = [re.escape(part) for part in pattern.split("*")]
    return re.fullmatch(".*".join(parts), line, re.DOTALL) is not None
