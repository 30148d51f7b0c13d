# SPDX-License-Identifier: ISC
# tests/system/test_door.py - who is let in, and how often.
#
# Rules by port, TLS and sender, and what one address may do over all workers:
# here loopback addresses are strangers, as no rule lets them relay.
"""The door: rules and limits on clients."""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, Sink, free_port, wait_for  # noqa: E402
from tlskit import Pair  # noqa: E402

PATIENCE = 30
OURS = "accept from any for domain ours.example"
FIRST, SECOND, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"


class Stranger:
    """Speaks line by line, from an address of its own."""

    def __init__(self, p, source=FIRST, port=None, first=b"", greeted=True):
        self.socket = socket.create_connection(
            (p.addr, port or p.port), PATIENCE, source_address=(source, 0))
        self.file = self.socket.makefile("rb")
        self.socket.sendall(first)
        self.greeting = self.reply() if greeted else None

    def reply(self):
        while True:
            line = self.file.readline().decode().removesuffix("\r\n")
            if line[3:4] != "-":
                return line

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def rcpt(self, rcpt="a@ours.example", sender="x@there.example"):
        """The answer to this recipient, of a new transaction."""
        assert self.say("EHLO there.example").startswith("250 ")
        reply = self.say(f"MAIL FROM:<{sender}>")
        if not reply.startswith("250 "):
            return reply
        return self.say(f"RCPT TO:<{rcpt}>")

    def deliver(self):
        assert self.rcpt().startswith("250 ")
        assert self.say("DATA").startswith("354 ")
        return self.say("Subject: x\r\n\r\nbody\r\n.")

    def start_tls(self):
        assert self.say("EHLO there.example").startswith("250 ")
        assert self.say("STARTTLS").startswith("220 ")
        context = ssl._create_unverified_context()
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@contextlib.contextmanager
def suite(tmp_path, *conf):
    with Sink(tmp_path) as sink:
        p = Postern(tmp_path, "\n".join([*conf, OURS, sink.route()]),
                    start=False)
        p.write_conf(p.conf.read_text().replace("accept from local\n", "", 1))
        with p.start():
            yield p


def greeting(p, source=FIRST):
    with Stranger(p, source) as c:
        return c.greeting


def hold(p, stack, source=FIRST):
    """A connection that is greeted, once there is a place for it."""
    def attempt():
        c = Stranger(p, source)
        if c.greeting.startswith("220 "):
            stack.enter_context(c)
            return True
        c.close()
        return False
    wait_for(attempt, PATIENCE, "a place")


def is_welcome(p, source=FIRST):
    return greeting(p, source).startswith("220 ")


def test_connections_over_all_workers(tmp_path):
    with suite(tmp_path, "workers smtpd 2",
               "limit client connections 3") as p:
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(Stranger(p)) for _ in range(3)]
            assert all(c.greeting.startswith("220 ") for c in held)
            with Stranger(p) as fourth:
                assert fourth.greeting.startswith("421 4.7.0 too many conn")
                assert fourth.file.read() == b""
            assert is_welcome(p, SECOND)
            line = p.wait_event("turned-away")[0]
            assert "client=127.0.0.1 " in line and "status=4.7.0" in line
            held[0].say("QUIT")
            wait_for(lambda: is_welcome(p), PATIENCE, "a place to be free")


def test_turned_away_early_talker(tmp_path):
    """What it has sent already does not cost it the reply."""
    with suite(tmp_path, "workers smtpd 1",
               "limit client new connections 1 per hour") as p:
        assert is_welcome(p)
        worker = p.child("smtpd")
        os.kill(worker, signal.SIGSTOP)
        try:
            c = Stranger(p, first=b"EHLO there.example\r\n" * 100,
                         greeted=False)
        finally:
            os.kill(worker, signal.SIGCONT)
        with c:
            assert c.reply().startswith("421 4.7.0 your address connects too")
            assert c.file.read() == b""  # and no reset


def test_no_place_for_a_program(tmp_path):
    """The submission socket's process has places of its own, and a word."""
    with suite(tmp_path, "limit sessions 10") as p:
        with contextlib.ExitStack() as stack:
            def come():
                s = stack.enter_context(socket.socket(socket.AF_UNIX))
                s.settimeout(PATIENCE)
                s.connect(str(p.runtime / "submit"))
                return s.recv(1000)

            for _ in range(10):
                assert come().startswith(b"220 ")
            assert come() == (b"421 4.3.2 too many connections, try again "
                              b"later\r\n")
            assert is_welcome(p)


def test_an_ipv6_client_is_a_64(tmp_path):
    """Whoever has one address of a /64 has all of them."""
    if os.geteuid() != 0 or "POSTERN_NAMESPACE" not in os.environ:
        pytest.skip("root: addresses are given to a loopback of our own")
    server, first, twin, other = (
        "fd00:5:0:1::1", "fd00:5:0:2::1", "fd00:5:0:2:ffff::2",
        "fd00:5:0:3::1")
    for address in (server, first, twin, other):
        subprocess.run(["ip", "-6", "address", "replace", f"{address}/128",
                        "dev", "lo", "nodad"], check=True)
    port = free_port()
    with suite(tmp_path, f"listen on {server} port {port}",
               "limit client connections 2") as p:
        p.addr, p.port = server, port
        with Stranger(p, first) as one, Stranger(p, twin) as two:
            assert one.greeting.startswith("220 ")
            assert two.greeting.startswith("220 ")
            assert not is_welcome(p, first) and not is_welcome(p, twin)
            assert is_welcome(p, other)
            assert "client=fd00:5:0:2:" in p.wait_event("turned-away")[0]


def test_counts_of_a_dead_worker(tmp_path):
    with suite(tmp_path, "workers smtpd 1",
               "limit client connections 2") as p:
        with Stranger(p), Stranger(p):
            assert not is_welcome(p)
            os.kill(p.child("smtpd"), signal.SIGKILL)
            p.wait_event("child-exit")
            # the counts go, and of the new one they are right
            with contextlib.ExitStack() as stack:
                hold(p, stack)
                hold(p, stack)
                assert not is_welcome(p)


def test_new_connections(tmp_path):
    with suite(tmp_path, "limit client new connections 5 per hour") as p:
        assert [is_welcome(p) for _ in range(5)] == [True] * 5
        assert greeting(p).startswith("421 4.7.0 your address connects too")
        assert is_welcome(p, SECOND)


def test_messages_and_recipients(tmp_path):
    with suite(tmp_path, "limit client messages 2 per hour",
               "limit client recipients 3 per hour") as p:
        for _ in range(2):
            with Stranger(p) as c:
                assert c.deliver().startswith("250 ")
        with Stranger(p) as c:
            assert c.rcpt().startswith("450 4.7.0 too many messages")
        with Stranger(p, SECOND) as c:
            for _ in range(3):
                assert c.rcpt().startswith("250 ")
                assert c.say("RSET").startswith("250 ")
            assert c.rcpt().startswith("450 4.7.0 too many recipients")
            assert c.say("RCPT TO:<a@away.example>").startswith("550 ")
        with Stranger(p, THIRD) as c:
            assert c.rcpt().startswith("250 ")


def test_errors(tmp_path):
    with suite(tmp_path, "limit client errors 6 per hour",
               "limit session errors 3") as p:
        for _ in range(2):
            with Stranger(p) as c:
                for _ in range(3):
                    assert c.say("NONSENSE").startswith("500 ")
                assert c.reply().startswith("421 4.7.0 ")
        assert greeting(p).startswith("421 4.7.0 too many errors from")
        assert is_welcome(p, SECOND)


def test_errors_are_answered_slowly(tmp_path):
    """Whoever sends all at once waits as well, and nobody waits for it."""
    with suite(tmp_path, "limit session soft errors 1",
               "workers smtpd 1") as p, Stranger(p) as c:
        begin = time.monotonic()
        c.socket.sendall(b"A\r\nB\r\nC\r\nD\r\nEHLO there.example\r\n")
        assert c.reply().startswith("500 ")
        assert is_welcome(p, SECOND)
        for _ in range(3):
            assert c.reply().startswith("500 ")
        assert c.reply().startswith("250 ")
        assert time.monotonic() - begin >= 3
        # it goes while it waits; nothing is left of it
        c.say("E")
        c.socket.sendall(b"F\r\n")


def test_trusted_errors_are_answered_at_once(tmp_path):
    with suite(tmp_path, "limit session soft errors 0",
               f"accept from {THIRD}") as p:
        with Stranger(p, THIRD) as c:
            begin = time.monotonic()
            c.socket.sendall(b"A\r\n" * 14)
            for _ in range(14):
                assert c.reply().startswith("500 ")
            # fourteen seconds otherwise
            assert time.monotonic() - begin < 10


def test_early_talkers(tmp_path):
    with suite(tmp_path, "greeting delay 1s", f"accept from {THIRD}") as p:
        begin = time.monotonic()
        assert is_welcome(p)
        assert time.monotonic() - begin >= 1
        with Stranger(p, SECOND, first=b"EHLO there.example\r\n") as c:
            assert c.greeting.startswith("554 5.5.1 you spoke before")
            assert c.file.read() == b""
        line = p.wait_event("refused")[0]
        assert "client=127.0.0.2 command=CONNECT code=554 " in line
        # who may relay is not kept waiting
        with Stranger(p, THIRD, first=b"EHLO there.example\r\n") as c:
            assert c.greeting.startswith("220 ")
        # one that goes meanwhile is no trouble, nor is the end
        socket.create_connection((p.addr, p.port), PATIENCE).close()
        with Stranger(p, greeted=False) as c:
            assert p.stop() == 0
            assert c.reply()[:3] in ("421", "220")


def test_few_places(tmp_path):
    with suite(tmp_path, "workers smtpd 1", "limit sessions 10") as p:
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(Stranger(p, FIRST))
                    for _ in range(5)]
            held += [stack.enter_context(Stranger(p, SECOND))
                     for _ in range(4)]
            line = p.wait_event("overload")[0]
            assert "level=1 was=0 cause=sessions sessions=9 " in line
            assert greeting(p, FIRST).startswith("421 4.3.2 busy, and")
            assert is_welcome(p, THIRD)
            assert held[0].say("NONSENSE").startswith("500 ")
            assert held[0].reply().startswith("421 4.7.0 ")
            for c in held[1:6]:
                c.say("QUIT")
            wait_for(lambda: "level=0 was=1 sessions=" in
                     p.events("overload")[-1], what="places again")
            assert is_welcome(p, FIRST)


def test_who_is_not_limited(tmp_path):
    with suite(tmp_path, "limit client connections 1",
               f"limit client exempt {SECOND}",
               f"accept from {THIRD}") as p:
        with contextlib.ExitStack() as stack:
            for source in [SECOND, THIRD] * 3:
                c = stack.enter_context(Stranger(p, source))
                assert c.greeting.startswith("220 ")
            with Stranger(p) as c:
                assert c.greeting.startswith("220 ")
                assert not is_welcome(p)


def test_rules_by_port_and_sender(tmp_path):
    other = free_port()
    with suite(tmp_path, f"listen on 127.0.0.1 port {other}",
               "reject from any sender domain bad.example",
               f"accept from {SECOND} on port {other} for any",
               f"reject from any on port {other}") as p:
        def ask(source, port, rcpt, sender="x@there.example"):
            with Stranger(p, source, port) as c:
                return c.rcpt(rcpt, sender)[:3]

        assert ask(FIRST, p.port, "a@ours.example") == "250"
        assert ask(FIRST, other, "a@ours.example") == "550"
        assert ask(SECOND, other, "a@away.example") == "250"
        assert ask(SECOND, p.port, "a@away.example") == "550"
        bad = "x@BAD.example"
        assert ask(FIRST, p.port, "a@ours.example", bad) == "550"
        assert ask(SECOND, other, "a@away.example", bad) == "550"


def test_rules_by_tls(tmp_path):
    pair = Pair(tmp_path, "mx", "relay.example")
    with suite(tmp_path, pair.statement(),
               f"accept from {SECOND} with tls for any") as p:
        with Stranger(p, SECOND) as c:
            assert c.rcpt("a@away.example").startswith("550 ")
            assert c.rcpt("a@ours.example").startswith("250 ")
            assert c.say("RSET").startswith("250 ")
            c.start_tls()
            assert c.rcpt("a@away.example").startswith("250 ")
        with Stranger(p) as c:
            c.start_tls()
            assert c.rcpt("a@away.example").startswith("550 ")
