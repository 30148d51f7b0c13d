# SPDX-License-Identifier: ISC
# tests/system/test_oracle.py - the chunking oracle over sockets.
#
# tests/unit/test_oracle.c cuts sessions for the pure session; here the same
# bytes go through TCP and through TLS, whole and in pieces.
"""Random sessions: same replies and messages, however and wherever cut."""

import random
import re
import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import tlskit  # noqa: E402
from harness import Postern, Sink, free_port  # noqa: E402
from siege import full  # noqa: E402

PATIENCE = 30
MAIL = b"RSET\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@d.example>\r\n"
PIECES = [
    b"EHLO client.example\r\n", b"HELO client.example\r\n",
    b"MAIL FROM:<a@c.example>\r\n", b"MAIL FROM:<> BODY=8BITMIME\r\n",
    b"MAIL FROM:<a@c.example> SIZE=99999999999\r\n",
    b"RCPT TO:<b@d.example>\r\n", b"RCPT TO:<b@d.example> NOTIFY=NEVER\r\n",
    b"RCPT TO:<not an address>\r\n", b"RSET\r\n", b"NOOP\r\n", b"XYZ\r\n",
    b"NO\0OP\r\n", b"NOOP\n\r\n", b"VRFY x\r\n", b".\r\n", b"\r\n",
    MAIL + b"DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\n",
    MAIL + b"DATA\r\n.\r\n", MAIL + b"DATA\r\nbare\nLF\r\n.\r\n",
    MAIL + b"DATA\r\nbare\rCR\n.\r\n.\r\n",
    MAIL + b"DATA\r\n" + b"long " * 2000 + b"\r\n.\r\n",
    MAIL + b"BDAT 6 LAST\r\nQUIT\r\n",
    MAIL + b"BDAT 3\r\na\r\nBDAT 4 LAST\r\n.\r\n\r",
    MAIL + b"BDAT 3\r\na\nbBDAT 0 LAST\r\n", b"BDAT 6\r\nQUIT\r\n",
]
# whatever was left open, this ends it
END = b"\r\n.\r\nRSET\r\nQUIT\r\n"


def session(dice):
    pieces = [dice.choice(PIECES) for _ in range(dice.randint(1, 12))]
    return b"EHLO client.example\r\n" + b"".join(pieces) + END


def cut(dice, data):
    """In pieces of a few bytes, or of a few hundred."""
    largest = dice.choice([3, 40, 1000])
    while data:
        n = dice.randint(1, largest)
        yield data[:n]
        data = data[n:]


def talk(sock, pieces):
    """All replies but what differs by nature."""
    sock.settimeout(PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock:
        for piece in pieces:
            sock.sendall(piece)
        said = b""
        while data := sock.recv(65536):
            said += data
    said = said.replace(b"250-STARTTLS\r\n", b"")
    return re.sub(rb"queued as \w+", b"queued", said).decode()


@pytest.fixture(name="ports", scope="module")
def suite_ports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("oracle")
    pair = tlskit.Pair(folder, "mx")
    tls = free_port()
    kept = folder / "kept"
    kept.mkdir()
    with Sink(folder, "-S", kept) as sink:
        with Postern(folder, pair.statement() +
                     f"listen on 127.0.0.1 port {tls} tls\n"
                     "limit session errors 0\nlimit session junk 0\n" +
                     sink.route()) as p:
            yield p, tls, sink, kept


def bodies(kept, known):
    """What came since, below the trace header: sorted, as a queue may turn."""
    new = [path for path in kept.glob("*.eml") if path not in known]
    known.update(new)
    return sorted(re.sub(rb"\AReceived: .*\r\n(?:[ \t].*\r\n)*", b"",
                         path.read_bytes()) for path in new)


def test_same_for_any_cut_and_tls(ports):
    p, tls, sink, kept = ports
    known = set()
    stored = 0
    for seed in range(full(1000, 40)):
        dice = random.Random(seed)
        data = session(dice)

        def run(port, pieces, wrap=lambda s: s):
            sock = socket.create_connection((p.addr, port), PATIENCE)
            before = sink.lines()
            said = talk(wrap(sock), pieces)
            sink.wait(before + said.count(" queued\r\n"))
            return said, bodies(kept, known)

        whole = run(p.port, [data])
        stored += len(whole[1])
        assert run(p.port, cut(dice, data)) == whole, seed
        wrap = tlskit.context().wrap_socket
        assert run(tls, [data], wrap) == whole, seed
        assert run(tls, cut(dice, data), wrap) == whole, seed
    assert stored > full(500, 20)  # they are not all nonsense
