# SPDX-License-Identifier: ISC
# tests/system/test_deliver.py - postern-deliver against servers of all kinds.
"""One worker, its queue played by the test: every verdict as queue sees it."""

import contextlib
import os
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import read_proc, wait_for  # noqa: E402
from scripted import FINE, PIPELINING, PLAIN, Hangup, Scripted, good  # noqa: E402
import worker as w  # noqa: E402
from worker import Worker  # noqa: E402

LOCAL = "[127.0.0.1]"
TO = ("one@there.example", "two@there.example")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")


def rss_kib(pid):
    for line in read_proc(pid, "status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0




# how the server misbehaves, status of the recipients, stage
CASES = [
    ({}, (2, 250, "2.0.0"), w.DOT),
    ({"ehlo": PLAIN}, (2, 250, "2.0.0"), w.DOT),
    ({"ehlo": "502 5.5.1 no"}, (2, 250, "2.0.0"), w.DOT),
    # a lost connection at each step: later
    ({"greeting": None}, (4, 451, "4.4.2"), w.CONNECT),
    ({"ehlo": None}, (4, 451, "4.4.2"), w.CONNECT),
    ({"ehlo": "502 x", "helo": None}, (4, 451, "4.4.2"), w.CONNECT),
    ({"mail": None}, (4, 451, "4.4.2"), w.CONNECT),
    ({"rcpt": None}, (4, 451, "4.4.2"), w.MAIL),
    ({"data": None}, (4, 451, "4.4.2"), w.MAIL),
    ({"dot": None}, (4, 451, "4.4.2"), w.DOT),
    # 421 at each step: later
    ({"greeting": "421 4.3.2 busy"}, (4, 421, "4.3.2"), w.CONNECT),
    ({"ehlo": "421 4.3.2 busy"}, (4, 421, "4.3.2"), w.CONNECT),
    ({"mail": "421 4.3.2 busy"}, (4, 421, "4.3.2"), w.CONNECT),
    ({"rcpt": "421 4.3.2 busy"}, (4, 421, "4.3.2"), w.MAIL),
    ({"data": "421 4.3.2 busy"}, (4, 421, "4.3.2"), w.MAIL),
    ({"dot": "421 4.3.2 busy"}, (4, 421, "4.3.2"), w.DOT),
    # refused at each step
    ({"greeting": "554 5.7.1 go away"}, (4, 451, "4.7.1"), w.CONNECT),
    ({"greeting": "521 no mail here"}, (5, 521, "5.0.0"), w.CONNECT),
    ({"ehlo": "502 x", "helo": "550 5.7.1 y"}, (4, 451, "4.7.1"), w.CONNECT),
    ({"mail": "550 5.7.1 no"}, (5, 550, "5.7.1"), w.MAIL),
    ({"mail": "451 4.7.1 wait"}, (4, 451, "4.7.1"), w.MAIL),
    ({"rcpt": "550 5.1.1 nobody"}, (5, 550, "5.1.1"), w.MAIL),
    ({"rcpt": "450 4.2.1 grey"}, (4, 450, "4.2.1"), w.MAIL),
    ({"rcpt": "552 5.5.3 too many"}, (4, 452, "4.5.3"), w.MAIL),
    ({"data": "554 5.5.1 none"}, (5, 554, "5.5.1"), w.MAIL),
    ({"data": "451 4.3.0 x"}, (4, 451, "4.3.0"), w.MAIL),
    ({"dot": "550 5.6.0 virus"}, (5, 550, "5.6.0"), w.DOT),
    ({"dot": "452 4.3.1 full"}, (4, 452, "4.3.1"), w.DOT),
    # nonsense at each step: later
    ({"greeting": "hello"}, (4, 451, "4.5.0"), w.CONNECT),
    ({"ehlo": b"\0\xff\r\n"}, (4, 451, "4.5.0"), w.CONNECT),
    ({"mail": "2500 fine"}, (4, 451, "4.5.0"), w.CONNECT),
    ({"rcpt": "fine"}, (4, 451, "4.5.0"), w.MAIL),
    ({"data": "250 fine"}, (4, 451, "4.5.0"), w.MAIL),
    ({"dot": "221 bye"}, (4, 451, "4.5.0"), w.DOT),
    ({"dot": "taken"}, (4, 451, "4.5.0"), w.DOT),
    ({"dot": "354 more"}, (4, 451, "4.5.0"), w.DOT),
    ({"dot": b"250-ok\r\n550 no\r\n"}, (4, 451, "4.5.0"), w.DOT),
    # a reply to the dot before the dot
    ({"data": b"354 go\r\n250 2.0.0 taken\r\n"}, (4, 451, "4.5.0"), w.DATA),
    ({"data": b"354 go\r\n250 2.0.0 tak", "dot": b"en\r\n"},
     (4, 451, "4.4.2"), w.DATA),
    # sizes
    ({"ehlo": "250-x\r\n250 SIZE 3"}, (5, 552, "5.3.4"), w.MAIL),
    # replies without any text, lines ended by LF
    ({"greeting": "220", "mail": "250", "rcpt": "250", "data": "354",
      "dot": "250"}, (2, 250, "2.0.0"), w.DOT),
    ({"greeting": b"220 x\n", "dot": b"250 x\n"}, (2, 250, "2.0.0"), w.DOT),
]


@pytest.mark.parametrize("plain", [False, True], ids=["pipelined", "stepwise"])
def test_verdicts(tmp_path, plain):
    with Worker(tmp_path) as worker:
        for how, want, stage in CASES:
            if plain and "ehlo" not in how:
                how = {**how, "ehlo": PLAIN}
            with Scripted(good, **how) as server:
                job = worker.job(LOCAL, server.port, TO).wait()
                for rcpt in range(2):
                    assert job.status(rcpt) == want, (how, job.text(rcpt))
                assert job.stage == stage, how
        assert worker.broken is None


def test_some_recipients(tmp_path):
    how = {"one@": "550 5.1.1 nobody", "two@": "450 4.2.1 later"}
    for ehlo in (PIPELINING, PLAIN):
        with Worker(tmp_path) as worker, \
                Scripted(good, ehlo=ehlo, rcpt=how) as server:
            job = worker.job(LOCAL, server.port,
                             TO + ("three@there.example",)).wait()
            assert job.status(0) == (5, 550, "5.1.1")
            assert job.status(1) == (4, 450, "4.2.1")
            assert job.status(2) == (2, 250, "2.0.0")
            assert job.stage == w.DOT
            assert server.bodies == [b"hello\r\n"]


def test_fewer_recipients_at_a_time(tmp_path):
    """RFC 9422: transactions of what the server takes, in one session."""
    to = tuple(f"r{i}@there.example" for i in range(7))
    for more in ("250-PIPELINING\r\n", ""):
        with Worker(tmp_path) as worker, Scripted(
                good, ehlo=f"250-x\r\n{more}250 LIMITS RCPTMAX=3",
                rcpt={"r1@": "550 5.1.1 nobody"}) as server:
            job = worker.job(LOCAL, server.port, to).wait()
            assert [job.status(i)[1] for i in range(7)] == [
                250, 550, 250, 250, 250, 250, 250]
            assert server.bodies == [b"hello\r\n"] * 3
            assert server.verbs().count("EHLO") == 1
            for i in range(7):
                assert server.heard.count(f"RCPT TO:<r{i}@there.example>") == 1


def test_fewer_recipients_and_then_none(tmp_path):
    """What one transaction settled stays; the rest is for later."""
    to = tuple(f"r{i}@there.example" for i in range(4))
    ehlo = "250-x\r\n250 LIMITS RCPTMAX=2"
    answers = iter(["250 2.0.0 taken", "452 4.3.1 full"])
    with Worker(tmp_path) as worker, Scripted(
            good, ehlo=ehlo, dot=lambda _: next(answers)) as server:
        job = worker.job(LOCAL, server.port, to).wait()
        assert [job.status(i)[1] for i in range(4)] == [250, 250, 452, 452]
    with Worker(tmp_path) as worker, Scripted(
            good, ehlo=ehlo + " MAILMAX=1") as server:
        job = worker.job(LOCAL, server.port, to).wait()
        assert [job.status(i) for i in range(4)] == [
            (2, 250, "2.0.0")] * 2 + [(4, 452, "4.5.3")] * 2


@pytest.mark.parametrize("ehlo, first", [
    ("250 x", "550 5.1.1 nobody"),
    ("250-x\r\n250 LIMITS RCPTMAX=1", "250 r")])
def test_just_in_time(tmp_path, ehlo, first):
    """Every reply is soon there, in one transaction or many, but there are too
    many of them: what was settled stays, the rest waits."""
    def rest(answer):
        return lambda _: time.sleep(0.02) or answer

    rcpts = [f"{n}@b.example" for n in range(100)]
    slow = {"ehlo": ehlo, "mail": rest("250 m"), "rcpt": {
        "<0@": first, "@": rest("250 r")}}
    with Worker(tmp_path, settings={"KEY_DELIVERY_TIME": 1}) as worker, \
            Scripted(good, **slow) as server:
        job = worker.job(LOCAL, server.port, rcpts).wait()
        assert job.status(0)[1] == int(first[:3])
        assert job.status(99) == (4, 451, "4.4.2")
        assert "the server takes longer than 1 seconds in all, waiting for " \
            in job.text(99)
        assert len(server.bodies) == len(
            [n for n in range(100) if job.status(n)[0] == w.DONE])
        wait_for(lambda: not server.open, what="the end of the session")


def test_nobody_accepted_but_354(tmp_path):
    """RFC 2920 3.1: an empty body gets out of it, and counts for nobody."""
    with Worker(tmp_path) as worker, \
            Scripted(good, rcpt="550 5.1.1 no") as server:
        job = worker.job(LOCAL, server.port, TO).wait()
        assert job.status(0) == job.status(1) == (5, 550, "5.1.1")
        wait_for(lambda: server.bodies == [b""], what="the empty body")


def test_commands(tmp_path):
    with Worker(tmp_path) as worker, Scripted(good) as server:
        worker.job(LOCAL, server.port, ("a@b.example",), flags=2,
                   sender="").wait()
        assert server.heard == [
            "EHLO relay.example", "MAIL FROM:<> SIZE=7 BODY=8BITMIME",
            "RCPT TO:<a@b.example>", "DATA"]
        wait_for(lambda: server.verbs()[-1] == "QUIT", 10, "QUIT when idle")


def byte_by_byte(peer):
    """A good server that sends single bytes."""
    real = peer.sock.sendall

    def dribble(data):
        for i in range(len(data)):
            real(data[i:i + 1])
            time.sleep(0.0005)
    peer.say = lambda d: dribble(d if isinstance(d, bytes)
                                 else d.encode() + b"\r\n")
    good(peer)


def all_at_once(peer):
    """Every reply before anything was said."""
    peer.say("220 x\r\n250 x\r\n250 m\r\n250 r\r\n354 d\r\n250 taken")
    while True:
        peer.hear()


def test_segments(tmp_path):
    with Worker(tmp_path) as worker:
        with Scripted(byte_by_byte) as server:
            job = worker.job(LOCAL, server.port).wait()
            assert job.status() == (2, 250, "2.0.0")
        with Scripted(all_at_once) as server:
            job = worker.job(LOCAL, server.port).wait()
            assert job.status() == (4, 451, "4.5.0")
            assert job.stage == w.DATA
            assert "." not in server.heard


@pytest.mark.parametrize("flood", [
    lambda p: p.say(b"250-" + b"x" * 10_000_000 + b"\r\n250 x\r\n"),
    lambda p: [p.say(b"250-x\r\n" * 10000) for _ in range(100)] and None,
    lambda p: p.say(b"\0" * 1_000_000)], ids=["line", "lines", "zeros"])
def test_floods(tmp_path, flood):
    for step in ("greeting", "ehlo", "rcpt", "dot"):
        with Worker(tmp_path) as worker, \
                Scripted(good, **{step: flood}) as server:
            before = rss_kib(worker.process.pid)
            job = worker.job(LOCAL, server.port).wait()
            assert job.status()[0] == w.LATER
            assert rss_kib(worker.process.pid) - before < 2048
            other = Scripted(good)
            with other:
                assert worker.job(LOCAL, other.port).wait().status()[0] == 2


def test_large_body(tmp_path):
    """Dots at every edge, a slow reader, constant memory."""
    line = b".dots at the start..\r\n" + b"x" * 70 + b"\r\n.\r\n"
    body = line * (4 * 1024 * 1024 // len(line))

    def slowly(peer):
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        good(peer)

    with Worker(tmp_path) as worker, Scripted(slowly) as server:
        before = rss_kib(worker.process.pid)
        job = worker.job(LOCAL, server.port, body=body)
        high = 0
        while not job.done:
            worker.step(0.01)
            high = max(high, rss_kib(worker.process.pid))
        assert job.status() == (2, 250, "2.0.0")
        got = server.bodies[0]
        assert got == body.replace(b"\r\n.", b"\r\n..").replace(
            b".dots", b"..dots", 1)
        assert high - before < 2048


def test_exact_size(tmp_path):
    with Worker(tmp_path) as worker, Scripted(good) as server:
        job = worker.job(LOCAL, server.port, body=b"one\r\ntwo\r\n",
                         size=5).wait()
        assert job.status()[0] == w.DONE
        assert server.bodies == [b"one\r\n"]
        job = worker.job(LOCAL, server.port, body=b"one\r\n", size=50).wait()
        assert job.status()[0] == w.LATER and job.stage == w.DATA
        assert server.bodies == [b"one\r\n"]


def test_lost_in_body(tmp_path):
    def hang_up(peer):
        peer.say("354 go")
        peer.sock.recv(100000)
        raise Hangup

    with Worker(tmp_path) as worker, Scripted(good, data=hang_up) as server:
        body = b"x" * 70 + b"\r\n"
        job = worker.job(LOCAL, server.port, body=body * 100000).wait()
        assert job.status()[0] == w.LATER and job.stage == w.DATA


def names(*addresses):
    return {f"mx{i}.example": [a] for i, a in enumerate(addresses, 1)}


def test_next_address(tmp_path):
    """A dead first address, a busy second, a good third."""
    with Scripted(good, addr="127.0.0.4") as third, \
            Scripted(good, addr="127.0.0.3", port=third.port,
                     greeting="450 4.3.2 busy") as second, \
            Worker(tmp_path, hosts=names("127.0.0.2", "127.0.0.3",
                                         "127.0.0.4"),
                   mx={"there.example": [(30, "mx3.example"),
                                         (10, "mx1.example"),
                                         (20, "mx2.example")]}) as worker:
        job = worker.job("there.example", third.port, transport=w.MX).wait()
        assert job.status() == (2, 250, "2.0.0")
        assert job.done["host"] == "mx3.example"
        assert job.done["address"][:4] == bytes([127, 0, 0, 4])
        assert second.connections == 1


def test_two_sessions(tmp_path):
    """After two servers that greeted and then failed, none is asked."""
    how = {"mail": "421 4.3.2 busy"}
    with Scripted(good, addr="127.0.0.2", **how) as one, \
            Scripted(good, addr="127.0.0.3", port=one.port, **how) as two, \
            Scripted(good, addr="127.0.0.4", port=one.port) as three, \
            Worker(tmp_path, hosts={"h.example": [
                "127.0.0.2", "127.0.0.3", "127.0.0.4"]}) as worker:
        job = worker.job("h.example", one.port).wait()
        assert job.status() == (4, 421, "4.3.2")
        assert (one.connections, two.connections, three.connections) == \
            (1, 1, 0)


def test_nobody_else_after_the_dot(tmp_path):
    """The first server may have taken the message: no second copy."""
    with Scripted(good, addr="127.0.0.2", dot=None) as one, \
            Scripted(good, addr="127.0.0.3", port=one.port) as two, \
            Worker(tmp_path, hosts={"h.example": ["127.0.0.2",
                                                  "127.0.0.3"]}) as worker:
        job = worker.job("h.example", one.port).wait()
        assert job.status() == (4, 451, "4.4.2") and job.stage == w.DOT
        assert two.connections == 0


def test_settled_recipients_stay(tmp_path):
    """The second server is asked for those that the first did not judge."""
    with Scripted(good, addr="127.0.0.2", data="421 4.3.2 busy",
                  rcpt={"one@": "550 5.1.1 nobody"}) as first, \
            Scripted(good, addr="127.0.0.3", port=first.port) as second, \
            Worker(tmp_path, hosts={"h.example": ["127.0.0.2",
                                                  "127.0.0.3"]}) as worker:
        job = worker.job("h.example", first.port, TO).wait()
        assert job.status(0) == (5, 550, "5.1.1")
        assert job.status(1) == (2, 250, "2.0.0")
        assert "RCPT TO:<one@there.example>" not in second.heard


def test_nobody_there(tmp_path):
    with Scripted(good) as server:
        port = server.port
    with Worker(tmp_path) as worker:
        job = worker.job(LOCAL, port).wait()
        assert job.status() == (4, 451, "4.4.1")
        assert job.text() == "Connection refused"
        assert job.stage == w.CONNECT


@pytest.mark.parametrize("mx, hosts, want", [
    (w.NO_NAME, {}, (5, 550, "5.1.2")),
    (w.MALFORMED, {}, (5, 550, "5.1.2")),
    (w.TROUBLE, {}, (4, 451, "4.4.3")),
    ([(0, "")], {}, (5, 556, "5.1.10")),
    (w.NONE, {}, (5, 550, "5.1.2")),
    (w.NONE, {"there.example": w.TROUBLE}, (4, 451, "4.4.3")),
    ([(1, "relay.example")], {}, (5, 554, "5.4.6")),
    ([(1, "m.example")], {"m.example": ["127.0.0.1"]}, (5, 550, "5.4.4")),
    ([(1, "m.example")], {"m.example": ["0.0.0.0"]}, (5, 550, "5.4.4")),
    ([(1, "m.example")], {"m.example": ["::1"]}, (5, 550, "5.4.4")),
])
def test_no_way(tmp_path, mx, hosts, want):
    with Worker(tmp_path, mx={"there.example": mx}, hosts=hosts,
                allow=()) as worker:
        job = worker.job("there.example", 25, TO, transport=w.MX).wait()
        assert job.status(0) == job.status(1) == want
        assert job.stage == w.ROUTE
        assert job.done["family"] == 0


def test_literal(tmp_path):
    with Scripted(good) as server:
        with Worker(tmp_path) as worker:
            job = worker.job(LOCAL, server.port, transport=w.MX).wait()
            assert job.status()[0] == w.DONE and not worker.questions
        with Worker(tmp_path, allow=()) as worker:
            job = worker.job(LOCAL, server.port, transport=w.MX).wait()
            assert job.status() == (5, 550, "5.4.4")
            job = worker.job(LOCAL, server.port, transport=w.HOST).wait()
            assert job.status()[0] == w.DONE


def test_resolve_started_anew(tmp_path):
    """A question that died with resolve is asked of the next one."""
    with Scripted(good) as server, \
            Worker(tmp_path, hosts={"h.example": None}) as worker:
        job = worker.job("h.example", server.port)
        worker.until(lambda: worker.questions)
        worker.resolve.close()
        worker.hosts["h.example"] = ["127.0.0.1"]
        worker.resolve = worker.attach(w.KIND_RESOLVE)
        assert job.wait().status()[0] == w.DONE
        assert len(worker.questions) == 2


def test_same_question_once(tmp_path):
    with Scripted(good) as server, \
            Worker(tmp_path, hosts={"h.example": None}) as worker:
        jobs = [worker.job("h.example", server.port) for _ in range(10)]
        worker.until(lambda: worker.questions)
        time.sleep(0.05)
        worker.step()
        assert len(worker.questions) == 1
        worker.answer(1, 2, ["127.0.0.1"])
        assert all(j.wait().status()[0] == w.DONE for j in jobs)


def held_dots(event):
    """The answer to the dot waits for the event."""
    def wait(_peer):
        event.wait(30)
        return FINE["dot"]
    return wait


def test_connections_to_one_address(tmp_path):
    event = threading.Event()
    with Scripted(good, dot=held_dots(event)) as server, \
            Worker(tmp_path, connections=3) as worker:
        jobs = [worker.job(LOCAL, server.port) for _ in range(10)]
        wait_for(lambda: len(server.bodies) == 3, what="three bodies")
        worker.step(0.2)
        assert server.connections == 3 and not any(j.done for j in jobs)
        event.set()
        assert all(j.wait().status()[0] == w.DONE for j in jobs)
        assert server.connections == 3 and len(server.bodies) == 10


def test_reuse(tmp_path):
    with Scripted(good) as server, Worker(tmp_path) as worker:
        for _ in range(150):
            assert worker.job(LOCAL, server.port).wait().status()[0] == 2
        assert server.connections == 2  # 100 messages, then another
        assert server.verbs().count("EHLO") == 2


@pytest.mark.parametrize("most", (1, 3))
def test_reuse_bounded(tmp_path, most):
    with Scripted(good) as server, Worker(
            tmp_path, settings={"KEY_CONNECTION_MESSAGES": most}) as worker:
        for _ in range(6):
            assert worker.job(LOCAL, server.port).wait().status()[0] == 2
        assert server.connections == 6 / most


def test_reuse_of_an_old_connection(tmp_path):
    """What it was given in time is finished; it gets nothing more."""
    old = threading.Event()

    def slow(peer):
        def dot(p):
            old.wait(20)
            p.say(FINE["dot"])
        good(peer, **({"dot": dot} if peer.number == 1 else {}))

    with Scripted(slow) as server, Worker(
            tmp_path, settings={"KEY_CONNECTION_AGE": 1}) as worker:
        job = worker.job(LOCAL, server.port)
        wait_for(lambda: len(server.bodies) == 1, what="a body")
        passed = time.monotonic() + 1.1
        worker.until(lambda: time.monotonic() > passed, what="its age")
        assert job.dots == 1
        old.set()
        assert job.wait().status()[0] == 2
        assert worker.job(LOCAL, server.port).wait().status()[0] == 2
        assert server.connections == 2


@pytest.mark.parametrize("farewell", [
    lambda p: None, lambda p: p.say("421 4.3.2 idle")], ids=["closed", "421"])
def test_idle_connection_dies(tmp_path, farewell):
    """What happens to an idle connection is no job's trouble."""
    def one_message(peer):
        def bye(p):
            p.say(FINE["dot"])
            p.hear()  # the next MAIL
            farewell(p)
            p.sock.shutdown(socket.SHUT_RDWR)
        good(peer, **({"dot": bye} if peer.number == 1 else {}))

    with Scripted(one_message) as server, Worker(tmp_path) as worker:
        for _ in range(3):
            job = worker.job(LOCAL, server.port).wait()
            assert job.status() == (2, 250, "2.0.0")
        assert server.connections == 2 and len(server.bodies) == 3


def test_more_than_was_asked(tmp_path):
    """A server that answers twice is not asked again on that connection."""
    with Scripted(good, dot=b"250 taken\r\n250 m\r\n") as server, \
            Worker(tmp_path) as worker:
        for n in range(1, 4):
            assert worker.job(LOCAL, server.port).wait().status()[0] == 2
            assert server.connections == n


def test_closed_after_message(tmp_path):
    def bye(peer):
        peer.say(FINE["dot"])
        peer.sock.shutdown(socket.SHUT_RDWR)

    with Scripted(good, dot=bye) as server, Worker(tmp_path) as worker:
        for n in range(1, 6):
            assert worker.job(LOCAL, server.port).wait().status()[0] == 2
            assert server.connections == n


def test_queue_dies(tmp_path):
    """Before the dot: ended.  Past it: finished, held, told late."""
    event = threading.Event()
    stuck = threading.Event()

    def never(_peer):
        stuck.wait(30)

    with Scripted(good, dot=held_dots(event)) as past, \
            Scripted(good, dot=held_dots(event), rcpt={
                "one@": "550 5.1.1 no"}) as partly, \
            Scripted(good, data=never) as before, Worker(tmp_path) as worker:
        keys = [worker.job(LOCAL, past.port).key,
                worker.job(LOCAL, partly.port, TO).key]
        worker.job(LOCAL, before.port)
        wait_for(lambda: past.bodies and partly.bodies and
                 "DATA" in before.verbs(), what="three sessions")
        worker.lose_queue()
        wait_for(lambda: not before.open or stuck.set(), what="the abort")
        worker.new_queue(ask=False)
        worker.step(0.1)
        assert not worker.lates
        event.set()
        worker.step(0.3)
        assert not worker.lates, "a late result before it was asked for"
        worker.ask_held()
        worker.until(lambda: worker.held_end)
        assert sorted(worker.held) == sorted(keys)
        worker.until(lambda: len(worker.lates) == 2 and
                     all(j.done for j in worker.lates))
        first, second = sorted(worker.lates, key=lambda j: keys.index(j.key))
        assert first.results[0]["verdict"] == w.DONE
        assert second.results[0]["code"] == "5.1.1"
        assert second.results[1]["verdict"] == w.DONE
        job = worker.job(LOCAL, past.port).wait()
        assert job.status()[0] == w.DONE
        worker.ask_held()
        assert len(past.bodies) == 2 and len(partly.bodies) == 1
        stuck.set()


def test_queue_dies_and_dot_is_late(tmp_path):
    """Asked while the server still thinks; lost in the end: told so."""
    event = threading.Event()

    def hang_up(peer):
        event.wait(30)
        peer.sock.shutdown(socket.SHUT_RDWR)

    with Scripted(good, dot=hang_up) as server, Worker(tmp_path) as worker:
        key = worker.job(LOCAL, server.port).key
        wait_for(lambda: server.bodies, what="the body")
        worker.lose_queue()
        worker.new_queue()
        worker.until(lambda: worker.held_end)
        assert worker.held == [key] and not worker.lates
        event.set()
        worker.until(lambda: worker.lates and worker.lates[0].done)
        late = worker.lates[0]
        assert late.key == key and late.stage == w.DOT
        assert late.status() == (4, 451, "4.4.2")
        assert server.connections == 1


def test_stop(tmp_path):
    """A job past its dot is finished and told, one before it is not."""
    event = threading.Event()
    with Scripted(good, dot=held_dots(event)) as past, \
            Scripted(good, mail=lambda p: event.wait(30) and None) as before:
        with Worker(tmp_path) as worker:
            job = worker.job(LOCAL, past.port)
            other = worker.job(LOCAL, before.port)
            wait_for(lambda: past.bodies and "MAIL" in before.verbs(),
                     what="two sessions")
            worker.control.sock.close()
            time.sleep(0.2)
            assert worker.alive()
            event.set()
            while job.done is None:
                for frame in worker.queue.receive(5):
                    worker.on_queue(*frame)
            assert job.status()[0] == w.DONE and other.done is None
            assert worker.retired
            assert worker.process.wait(5) == 0


def test_stop_is_bounded(tmp_path):
    event = threading.Event()
    with Scripted(good, dot=held_dots(event)) as server:
        with Worker(tmp_path) as worker:
            job = worker.job(LOCAL, server.port)
            wait_for(lambda: server.bodies, what="the body")
            start = time.monotonic()
            assert worker.stop(9) == 0
            assert 3 < time.monotonic() - start < 8
            while job.done is None:
                for frame in worker.queue.receive(5):
                    worker.on_queue(*frame)
            assert job.status() == (4, 451, "4.4.2") and job.stage == w.DOT
            assert job.text() == (
                "possible duplicate: stopped, waiting for the reply to the "
                "final dot")
        event.set()


@pytest.mark.parametrize("send", [
    lambda q: q.send(w.RESULT, b"", q.open()),
    lambda q: q.send(w.JOB_RCPT, w.text("a@b"), 77),
    lambda q: q.send(w.HELD_ASK, b"x", q.open()),
    lambda q: q.sock.send(b"\x09" * 16)])
def test_hostile_queue(tmp_path, send):
    """It is denounced, and the worker lives on."""
    with Scripted(good) as server, Worker(tmp_path) as worker:
        send(worker.queue)
        worker.until(lambda: worker.broken)
        worker.lose_queue()
        worker.new_queue()
        assert worker.job(LOCAL, server.port).wait().status()[0] == w.DONE


@pytest.mark.parametrize("job", [
    {"sender": "a@b\r\nRCPT TO:<c@d"}, {"rcpts": ("a@b\nX",)},
    {"rcpts": ()}, {"transport": 9}, {"rcpts": ("",)}])
def test_unsound_job(tmp_path, job):
    with Worker(tmp_path) as worker:
        # it may end the channel before the last frame is sent
        with contextlib.suppress(BrokenPipeError):
            worker.job(LOCAL, 25, **job)
        worker.until(lambda: worker.broken)


def test_hostile_resolve(tmp_path):
    with Worker(tmp_path, hosts={"h.example": None}) as worker:
        worker.job("h.example", 25)
        worker.until(lambda: worker.questions)
        worker.resolve.send(w.ANSWER_MX, struct.pack("<H", 1) + w.text("x"),
                            1, False)
        worker.until(lambda: worker.broken)
        assert worker.alive()


def test_confined(tmp_path):
    with Worker(tmp_path) as worker:
        status = read_proc(worker.process.pid, "status")
        assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status


@needs_root  # to see the descriptors of what is not dumpable
def test_descriptors_flat(tmp_path):
    def open_files(pid):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))

    with Scripted(good, rcpt={"two@": "550 5.1.1 no"}) as server, \
            Worker(tmp_path) as worker:
        worker.job(LOCAL, server.port, TO).wait()
        before = open_files(worker.process.pid)
        for _ in range(100):
            worker.job(LOCAL, server.port, TO).wait()
        assert open_files(worker.process.pid) <= before
