# SPDX-License-Identifier: ISC
# tests/system/test_smuggling.py - what a next hop sees of odd line ends.
"""Sequences that some server takes for the end of data, sent to postern.

A stranger's are refused.  Those of a network whose line ends are mended, and
those in a chunk (BDAT), go on; then the next hop, which notes every byte, must
see one message, with no line end but CRLF and one lone dot, the last.
"""

import itertools
import re
import socket
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, wait_for  # noqa: E402

BEFORE = [b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\r", b"\n\n", b"\r\n\0"]
AFTER = [b"\n", b"\r", b"\r\n", b"\r\r\n", b"\n\r", b"\0\r\n"]
END = b"\r\n.\r\n"
VECTORS = [before + b"." + after
           for before, after in itertools.product(BEFORE, AFTER)
           if END not in before + b"." + after]
SMUGGLED = (b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<victim@example.org>\r\n"
            b"DATA\r\nSubject: smuggled\r\n\r\nx")


class Hop:
    """A next hop that takes everything; bodies are kept as they came."""

    def __init__(self):
        self.bodies = []
        self.senders = []
        self.strays = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        sock.sendall(b"220 hop\r\n")
        with sock, sock.makefile("rwb") as f:
            while line := f.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    f.write(b"354 go on\r\n")
                    f.flush()
                    self.bodies.append(self.body(f))
                elif verb == b"MAIL":
                    self.senders.append(line)
                elif verb not in (b"EHLO", b"RCPT", b"QUIT", b"RSET"):
                    self.strays.append(line)
                f.write(b"250 ok\r\n")
                f.flush()

    @staticmethod
    def body(f):
        data = b"\r\n"
        while not data.endswith(END):
            byte = f.read(1)
            if not byte:
                break
            data += byte
        return data


@pytest.fixture(name="relay", scope="module")
def relay_fixture(tmp_path_factory):
    hop = Hop()
    with Postern(tmp_path_factory.mktemp("relay"),
                 "accept bare line ends from 127.0.0.2/32\n"
                 f'route any to host "[127.0.0.1]" port {hop.port}') as p:
        p.hop = hop
        yield p
    hop.listener.close()


def talk(p, client, data):
    """All that we say at once; the replies behind EHLO's."""
    said = b"EHLO client.example\r\n" + data + b"QUIT\r\n"
    with socket.create_connection((p.addr, p.port), 20, (client, 0)) as s:
        s.sendall(said)
        with s.makefile("rb") as f:
            replies = f.read().decode().split("\r\n")
    return [line for line in replies if line[3:4] == " "][2:]


def message(number, vector):
    return b"Subject: v%d\r\n\r\nhello" % number + vector + SMUGGLED


def by_data(number, vector):
    return (b"MAIL FROM:<a@client.example>\r\nRCPT TO:<b@example.org>\r\n"
            b"DATA\r\n" + message(number, vector) + END)


def by_chunk(number, vector):
    data = message(number, vector) + END
    return (b"MAIL FROM:<a@client.example>\r\nRCPT TO:<b@example.org>\r\n"
            b"BDAT %d LAST\r\n" % len(data) + data)


def judge(hop, before):
    """Of all that came since then: no server can read it as more."""
    for body in hop.bodies[before:]:
        assert body.endswith(END)
        inside = body[:-len(END)] + b"\r\n"
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", inside), body
        assert not re.search(rb"(^|[\r\n])\.[\r\n]", inside), body
        assert b"smuggled" in body
    assert not hop.strays
    assert not any(b"evil" in line for line in hop.senders)


def test_enough_vectors():
    assert len(VECTORS) >= 30 and len(set(VECTORS)) == len(VECTORS)


def test_strangers_are_refused(relay):
    before = len(relay.hop.bodies)
    for number, vector in enumerate(VECTORS):
        replies = talk(relay, "127.0.0.1", by_data(number, vector))
        assert [r[:9] for r in replies[2:]] == [
            "354 send ", "550 5.5.2", "221 2.0.0"], vector
        replies = talk(relay, "127.0.0.1", by_chunk(number, vector))
        assert [r[:9] for r in replies[2:]] == [
            "550 5.5.2", "221 2.0.0"], vector
    assert len(relay.hop.bodies) == before and not relay.queue()


@pytest.mark.parametrize("how", [by_data, by_chunk])
def test_mended(relay, how):
    before, taken = len(relay.hop.bodies), 0
    for number, vector in enumerate(VECTORS):
        replies = talk(relay, "127.0.0.2", how(number, vector))
        want = "550 5.5.2" if b"\0" in vector else "250 2.0.0"
        assert replies[-2][:9] == want and len(replies) < 6, vector
        taken += want[0] == "2"
    wait_for(lambda: len(relay.hop.bodies) >= before + taken,
             what=f"{taken} messages")
    relay.wait_empty()
    assert len(relay.hop.bodies) == before + taken
    judge(relay.hop, before)


def test_dots_in_a_chunk(relay):
    """CRLF.CRLF is text there: it must be stuffed on its way out."""
    before = len(relay.hop.bodies)
    replies = talk(relay, "127.0.0.1", by_chunk(0, END))
    assert replies[-2].startswith("250 2.0.0 queued"), replies
    wait_for(lambda: len(relay.hop.bodies) > before, what="the message")
    relay.wait_empty()
    judge(relay.hop, before)
    assert b"hello\r\n..\r\nMAIL" in relay.hop.bodies[-1]
