# SPDX-License-Identifier: ISC
# tests/system/test_families.py - hosts with IPv6 and IPv4, and what has failed
"""RFC 8305: a family that is dead costs a moment; what has just failed is
tried last.  One worker, its queue and resolver played by the test."""

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import worker as w  # noqa: E402
from harness import Dns, Postern, wait_for  # noqa: E402
from scripted import Scripted, good  # noqa: E402
from verdicts import Server, WORKERS, certificate, implicit, send  # noqa: E402
from worker import Worker  # noqa: E402

DONE = (2, 250, "2.0.0")
ONCE = "250-x\r\n250 LIMITS MAILMAX=1"  # a connection for each message
BOTH = {"h.example": ["::1", "127.0.0.1"]}


class Silent:
    """An address where calls are not answered: its backlog is full."""

    def __init__(self, addr, port=0):
        family = socket.AF_INET6 if ":" in addr else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((addr, port))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fill = []
        for _ in range(4):
            s = socket.socket(family, socket.SOCK_STREAM)
            s.setblocking(False)
            s.connect_ex((addr, self.port))
            self.fill.append(s)

    def close(self):
        for s in (self.listener, *self.fill):
            s.close()

    def wake(self, script=good):
        """From now on a server is there."""
        for s in self.fill:
            s.close()
        addr = self.listener.getsockname()[0]
        self.listener.close()
        return Scripted(script, addr=addr, port=self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def at(job):
    family, raw = job.done["family"], job.done["address"]
    return socket.inet_ntop(socket.AF_INET6, raw) if family == 6 else \
        socket.inet_ntop(socket.AF_INET, raw[:4])


def sockets(worker):
    """How many it has, which root alone may look at."""
    if os.geteuid() != 0:
        pytest.skip("skipped: root")
    there = f"/proc/{worker.process.pid}/fd"
    n = 0
    for fd in os.listdir(there):
        with contextlib.suppress(FileNotFoundError):
            n += os.readlink(f"{there}/{fd}").startswith("socket")
    return n


def dialling(worker, n):
    """Waits until so many calls are under way."""
    worker.until(lambda: sockets(worker) == n, what="two calls")


def test_one_family_is_dead(tmp_path):
    """A moment, not the 30 seconds of a connection."""
    with Silent("::1") as six, \
            Scripted(good, port=six.port, ehlo=ONCE) as four, \
            Worker(tmp_path, hosts=BOTH) as worker:
        before = sockets(worker)
        began = time.monotonic()
        job = worker.job("h.example", six.port).wait()
        assert job.status() == DONE and at(job) == "127.0.0.1"
        assert 0.25 <= time.monotonic() - began < 15
        # nobody waits any more for the one that lost
        assert sockets(worker) == before
        # which is remembered: it is not called again although it is there
        with six.wake() as six_again:
            job = worker.job("h.example", six.port).wait()
            assert job.status() == DONE and at(job) == "127.0.0.1"
            assert (six_again.connections, four.connections) == (0, 2)


def test_the_first_is_slow_and_wins(tmp_path):
    """Both are called; the one that answers first gets the message, once."""
    with Silent("::1") as six, Silent("127.0.0.1", six.port), \
            Worker(tmp_path, hosts=BOTH) as worker:
        before = sockets(worker)
        job = worker.job("h.example", six.port)
        dialling(worker, before + 2)
        with six.wake() as server:
            assert job.wait().status() == DONE and at(job) == "::1"
            assert sockets(worker) == before + 1
            assert server.bodies == [b"hello\r\n"]


def test_both_arrive(tmp_path):
    """At the same moment: one gets the message, the other is closed at once
    and has heard of none."""
    with Silent("::1") as six, Silent("127.0.0.1", six.port) as four, \
            Worker(tmp_path, hosts=BOTH) as worker:
        before = sockets(worker)
        job = worker.job("h.example", six.port)
        dialling(worker, before + 2)
        worker.process.send_signal(signal.SIGSTOP)
        try:
            with six.wake() as one, four.wake() as other:
                wait_for(lambda: one.open and other.open, what="both calls")
                worker.process.send_signal(signal.SIGCONT)
                assert job.wait().status() == DONE
                winner, loser = (one, other) if one.bodies else (other, one)
                wait_for(lambda: not loser.open, what="the other's end")
                # that of the winner is kept for a further message
                assert winner.open and sockets(worker) == before + 1
                assert winner.bodies == [b"hello\r\n"]
                assert loser.verbs() in ([], ["QUIT"])
                assert worker.job("h.example", six.port).wait().status() == \
                    DONE
                assert (one.connections, other.connections) == (1, 1)
                assert loser.verbs() in ([], ["QUIT"])
        finally:
            worker.process.send_signal(signal.SIGCONT)


def test_an_idle_connection_is_beside(tmp_path):
    """To the other family there is one already: it takes the message, and
    nobody waits any more for the call."""
    with Silent("::1") as six, \
            Scripted(good, port=six.port) as four, \
            Worker(tmp_path, hosts=BOTH) as worker:
        assert worker.job("[127.0.0.1]", six.port).wait().status() == DONE
        before = sockets(worker)
        for n in range(2):
            job = worker.job("h.example", six.port)
            assert job.wait(15).status() == DONE and at(job) == "127.0.0.1"
            assert sockets(worker) == before
            assert four.verbs().count("MAIL") == 2 + n
        assert four.connections == 1


def swallow(peer):
    """Takes what comes, and says nothing."""
    while data := peer.sock.recv(65536):
        peer.server.bodies.append(data)


def test_tls_from_the_first_byte(tmp_path):
    """Where the first family takes the call and is silent, the handshake
    decides: the second has its turn, and the first has seen no clear text."""
    files = certificate(tmp_path, "mx", "DNS:h.example")
    records = ["h.example AAAA ::1", "h.example A 127.0.0.1"]
    with Scripted(swallow, addr="::1") as six, Dns(tmp_path, records) as dns:
        four = Server(files, script=implicit, port=six.port)
        conf = WORKERS.replace("2s", "1s") + f'''tls ca "{files[0]}"
{dns.setting()}
route any to host "h.example" port {six.port} tls verify immediate
'''
        with contextlib.closing(four), Postern(tmp_path, conf) as postern:
            send(postern, "d.example")
            line, = postern.wait_event("delivered")
            assert "addr=127.0.0.1 " in line and ' name"' in line
            assert len(four.taken) == four.connections == 1
        # ClientHello, and the alert of the end
        assert six.connections == 1
        assert b"".join(six.bodies)[:2] == b"\x16\x03"
        assert not any(word in b"".join(six.bodies)
                       for word in (b"EHLO", b"MAIL", b"QUIT"))


@pytest.mark.parametrize("way", ["starttls", "immediate"])
def test_a_late_handshake_is_remembered(tmp_path, way):
    """One that is silent in the handshake costs one message its limit; nothing
    is said to it in clear text, and the next message goes past it at once."""
    files = certificate(tmp_path, "mx", "DNS:b.example")
    records = ["a.example A 127.0.0.2", "b.example A 127.0.0.3",
               "d.example MX 10 a.example", "d.example MX 20 b.example"]
    if way == "starttls":
        one = Server(files, "hangs", addr="127.0.0.2")
        two = Server(files, addr="127.0.0.3", port=one.port)
        route = f"route any to mx port {one.port} tls opportunistic\n"
    else:
        one = Scripted(swallow, addr="127.0.0.2")
        two = Server(files, script=implicit, addr="127.0.0.3", port=one.port)
        route = "route any to host { a.example b.example } " \
            f"port {one.port} tls verify immediate\n"
    with Dns(tmp_path, records) as dns:
        conf = WORKERS.replace("2s", "1s") + f'''tls ca "{files[0]}"
{dns.setting()}
mx addresses allow 127.0.0.0/8
limit connection messages 1
{route}'''
        with contextlib.closing(two), Postern(tmp_path, conf) as postern:
            for n in (1, 2):
                send(postern, "d.example")
                wait_for(lambda n=n: len(postern.events("delivered")) == n)
            assert len(two.taken) == 2 and all(s for s, _ in two.taken)
            assert one.connections == 1 and len(
                postern.events("tls-failed")) == 1
        assert not any(word in b" ".join(line.encode() for line in one.heard)
                       for word in (b"MAIL", b"RCPT", b"DATA"))
    one.__exit__(ValueError)


@pytest.mark.parametrize("step, told", [("ehlo", True), ("mail", False)])
def test_lost_behind_the_greeting(tmp_path, step, told):
    """Whoever hangs up before mail could be sent is tried last; from MAIL on it
    may be the message."""
    hosts = {"a.example": ["127.0.0.2"], "b.example": ["127.0.0.3"]}
    with Scripted(good, addr="127.0.0.2", **{step: None}) as one, \
            Scripted(good, addr="127.0.0.3", port=one.port,
                     ehlo=ONCE) as two, \
            Worker(tmp_path, hosts=hosts,
                   mx={"d.example": [(10, "a.example"),
                                     (20, "b.example")]}) as worker:
        for i in range(2):
            job = worker.job("d.example", one.port, transport=w.MX).wait()
            assert job.status() == DONE and at(job) == "127.0.0.3"
            assert len(two.bodies) == i + 1
        assert one.connections == (1 if told else 2)


def test_the_second_is_refused_and_a_third_takes_it(tmp_path):
    """What is dead is waited for beside all others of the host."""
    hosts = {"h.example": ["::1", "127.0.0.2", "127.0.0.3"]}
    with Silent("::1") as six, \
            Scripted(good, addr="127.0.0.3", port=six.port), \
            Worker(tmp_path, hosts=hosts) as worker:
        job = worker.job("h.example", six.port).wait(15)
        assert job.status() == DONE and at(job) == "127.0.0.3"


def test_the_first_is_refused_late(tmp_path):
    """Then the one beside it is all there is, and is waited for."""
    with Silent("::1") as six, Silent("127.0.0.1", six.port) as four, \
            Worker(tmp_path, hosts=BOTH) as worker:
        before = sockets(worker)
        job = worker.job("h.example", six.port)
        dialling(worker, before + 2)
        six.close()  # the next call there is refused
        worker.until(lambda: sockets(worker) == before + 1,
                     what="the first to be refused")
        assert job.done is None
        with four.wake() as server:
            assert job.wait().status() == DONE and at(job) == "127.0.0.1"
            assert server.connections == 1


def test_both_are_refused_late(tmp_path):
    with Silent("::1") as six, Silent("127.0.0.1", six.port) as four, \
            Worker(tmp_path, hosts=BOTH) as worker:
        before = sockets(worker)
        job = worker.job("h.example", six.port)
        dialling(worker, before + 2)
        six.close()
        four.close()
        assert job.wait().status() == (4, 451, "4.4.1")
        assert job.text() == "Connection refused"
        assert sockets(worker) == before


def test_other_hosts_wait_for_their_turn(tmp_path):
    """Only the other family of the same host is called beside it."""
    with Silent("::1") as six, Scripted(good, port=six.port) as other, \
            Worker(tmp_path, hosts={
                "a.example": ["::1"],
                "b.example": ["127.0.0.1"]}) as worker:
        job = worker.job("a.example,b.example", six.port)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            worker.step(0.02)
        assert job.done is None and other.connections == 0
        six.close()
        assert job.wait().status() == DONE and at(job) == "127.0.0.1"


def test_given_up_in_between(tmp_path):
    """queue dies while both are called: neither is left."""
    with Silent("::1") as six, Silent("127.0.0.1", six.port) as four, \
            Worker(tmp_path, hosts=BOTH) as worker:
        before = sockets(worker)
        worker.job("h.example", six.port)
        dialling(worker, before + 2)
        worker.lose_queue()
        worker.until(lambda: sockets(worker) == before - 1, what="the end")
        worker.new_queue()
        with four.wake():
            job = worker.job("h.example", six.port).wait()
            assert job.status() == DONE


def test_what_has_failed_is_tried_last(tmp_path):
    """One that does not greet as it should, in the minutes before."""
    hosts = {"a.example": ["127.0.0.2"], "b.example": ["127.0.0.3"]}
    with Scripted(good, addr="127.0.0.2", greeting="421 4.3.2 busy") as one, \
            Scripted(good, addr="127.0.0.3", port=one.port,
                     ehlo=ONCE) as two, \
            Worker(tmp_path, hosts=hosts,
                   mx={"d.example": [(10, "a.example"),
                                     (20, "b.example")]}) as worker:
        for i in range(3):
            job = worker.job("d.example", one.port, transport=w.MX).wait()
            assert job.status() == DONE and at(job) == "127.0.0.3"
            assert (one.connections, len(two.bodies)) == (1, i + 1)
        # with two that fail the order of the domain counts again
        two.how["greeting"] = "421 4.3.2 busy too"
        job = worker.job("d.example", one.port, transport=w.MX).wait()
        assert job.status()[0] == w.LATER and one.connections == 2
        # it is called all the same when there is nobody else, and what
        # succeeds is no longer in doubt
        one.how["greeting"] = "220 back"
        job = worker.job("a.example", one.port).wait()
        assert job.status() == DONE
        job = worker.job("d.example", one.port, transport=w.MX).wait()
        assert job.status() == DONE and at(job) == "127.0.0.2"
