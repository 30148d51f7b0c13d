# SPDX-License-Identifier: ISC
# tests/system/test_chat.py - the dialogues of tests/chat over a socket.
#
# The same files as in tests/unit/test_chat.c, against the running suite:
# once as written, and once with everything that the client says in one go.
"""Dialogues with the whole suite."""

import contextlib
import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import chat  # noqa: E402
from harness import ROOT, Postern, Sink  # noqa: E402

DIALOGUES = sorted((ROOT / "tests/chat").glob("*.chat"))
PATIENCE = 15


@contextlib.contextmanager
def postern(tmp_path, dialogue):
    """A suite with the dialogue's configuration."""
    conf = [text for kind, text in dialogue if kind == "conf"]
    with Sink(tmp_path) as sink:
        # addresses of ours lead nowhere, all others to the sink
        conf += ["route local to mx", sink.route()]
        p = Postern(tmp_path, "\n".join(conf), hostname="mx.test",
                    start=False)
        # without rules of the dialogue's own local clients are accepted
        p.write_conf(p.conf.read_text().replace("accept from local\n", "", 1))
        with p.start():
            yield p


@pytest.fixture(name="plain", scope="module")
def plain_fixture(tmp_path_factory):
    with postern(tmp_path_factory.mktemp("plain"), []) as p:
        yield p


class Wire:
    """Lines from the server, and whether it hung up."""

    def __init__(self, p):
        self.socket = socket.create_connection((p.addr, p.port), PATIENCE)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def line(self):
        return self.file.readline().decode().removesuffix("\r\n")

    def rest(self):
        """All lines until the server hangs up."""
        with contextlib.suppress(ConnectionResetError):
            return self.file.read().decode().split("\r\n")[:-1]
        return None

    def close(self):
        self.file.close()
        self.socket.close()


def play(p, dialogue):
    wire = Wire(p)
    try:
        for kind, text in dialogue:
            if kind == "send":
                wire.send(text)
            elif kind == "S:":
                line = wire.line()
                assert chat.matches(text, line), f"said {line}, want {text}"
            elif kind == "S*":
                while not chat.matches(text, line := wire.line()):
                    assert line, f"no line {text}"
            elif kind == "closed":
                assert not wire.rest()
                return
        # nothing more may have been said
        wire.send(b"QUIT\r\n")
        rest = wire.rest()
        assert [line[:4] for line in rest] == ["221 "], rest
    finally:
        wire.close()


def play_at_once(p, dialogue):
    said = [text for kind, text in dialogue if kind == "send"]
    want = [(kind, text) for kind, text in dialogue if kind in ("S:", "S*")]
    if not any(kind == "closed" for kind, _ in dialogue):
        said.append(b"QUIT\r\n")
        want.append(("S:", "221 *"))
    wire = Wire(p)
    try:
        wire.send(b"".join(said))
        got = wire.rest()
    finally:
        wire.close()
    if got is None:  # closed on unread input: the replies may be lost
        return
    for kind, pattern in want:
        line = got.pop(0) if got else ""
        while kind == "S*" and line and not chat.matches(pattern, line):
            line = got.pop(0) if got else ""
        assert chat.matches(pattern, line), f"said {line}, want {pattern}"
    assert not got


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_dialogue(path, tmp_path, plain):
    dialogue = chat.steps(path)
    if chat.needs_core(dialogue):
        return  # tests/unit/test_chat.c plays it
    if not any(kind == "conf" for kind, _ in dialogue):
        play(plain, dialogue)
        play_at_once(plain, dialogue)
        return
    with postern(tmp_path, dialogue) as p:
        play(p, dialogue)
        play_at_once(p, dialogue)
