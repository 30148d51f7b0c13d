# SPDX-License-Identifier: ISC
# tests/system/test_lmtp.py - LMTP (RFC 2033): a store that misbehaves, over
# TCP and a UNIX socket, and what becomes of each recipient.
"""A reply for each recipient after the final dot."""

import os
import signal
import smtplib
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, read_proc, wait_for  # noqa: E402
from scripted import FINE, PIPELINING, PLAIN, Hangup, Scripted, good, store  # noqa: E402
import worker as w  # noqa: E402
from worker import Worker  # noqa: E402

LOCAL = "[127.0.0.1]"
TO = ("one@there.example", "two@there.example", "three@there.example")

OK = (2, 250, "2.0.0")
LOST = (4, 451, "4.4.2")
NONSENSE = (4, 451, "4.5.0")
FULL = (5, 552, "5.2.2")


def all_of(status):
    return [status] * 3


# how the store misbehaves, what becomes of each recipient, stage
CASES = [
    ({}, all_of(OK), w.DOT),
    ({"lhlo": PLAIN}, all_of(OK), w.DOT),
    # lost at each stage: later
    ({"greeting": None}, all_of(LOST), w.CONNECT),
    ({"lhlo": None}, all_of(LOST), w.CONNECT),
    ({"mail": None}, all_of(LOST), w.CONNECT),
    ({"rcpt": None}, all_of(LOST), w.MAIL),
    ({"data": None}, all_of(LOST), w.MAIL),
    # lost between the replies: what was heard is final
    ({"dot": [None]}, all_of(LOST), w.DOT),
    ({"dot": ["250 2.0.0 a", None]}, [OK, LOST, LOST], w.DOT),
    ({"dot": ["552 5.2.2 full", "250 2.0.0 b", None]}, [FULL, OK, LOST],
     w.DOT),
    ({"dot": ["250 2.0.0 a", b"250 2.0", None]}, [OK, LOST, LOST], w.DOT),
    ({"dot": ["250 2.0.0 a", b"250-2.0.0 b\r\n", None]}, [OK, LOST, LOST],
     w.DOT),
    # a refusal of each is its own
    ({"dot": ["250 2.0.0 a", "550 5.1.1 gone", "452 4.2.2 full"]},
     [OK, (5, 550, "5.1.1"), (4, 452, "4.2.2")], w.DOT),
    ({"dot": ["452 4.2.2 full", "250 2.0.0 b", "250 2.0.0 c"]},
     [(4, 452, "4.2.2"), OK, OK], w.DOT),
    ({"rcpt": {"one@": "550 5.1.1 nobody", "three@": "452 4.2.2 full"}},
     [(5, 550, "5.1.1"), OK, (4, 452, "4.2.2")], w.DOT),
    ({"rcpt": {"two@": "552 5.2.2 over quota"}}, [OK, FULL, OK], w.DOT),
    ({"rcpt": {"two@": "552 too many"}}, [OK, (4, 452, "4.5.3"), OK], w.DOT),
    # a refused recipient has no reply to the dot: they stay in step
    ({"rcpt": {"two@": "550 5.1.1 nobody"}, "dot": ["250 a", "552 5.2.2 x"]},
     [OK, (5, 550, "5.1.1"), FULL], w.DOT),
    ({"rcpt": {"one@": "550 5.1.1 nobody"}, "dot": ["250 b", None]},
     [(5, 550, "5.1.1"), OK, LOST], w.DOT),
    ({"rcpt": "550 5.1.1 nobody", "data": "503 5.5.1 nobody"},
     all_of((5, 550, "5.1.1")), w.MAIL),
    # more replies than recipients
    ({"dot": ["250 a", "250 b", "250 c", "550 5.1.1 d"]}, all_of(OK), w.DOT),
    ({"dot": [b"250 a\r\n250 b\r\n250 c\r\n550 d\r\n"]}, all_of(OK), w.DOT),
    # 421 and the wrong codes
    ({"greeting": "421 4.3.2 busy"}, all_of((4, 421, "4.3.2")), w.CONNECT),
    ({"greeting": "554 5.7.1 go"}, all_of((4, 451, "4.7.1")), w.CONNECT),
    ({"lhlo": "502 5.5.1 what?"}, all_of((4, 451, "4.5.1")), w.CONNECT),
    ({"lhlo": "421 4.3.2 busy"}, all_of((4, 421, "4.3.2")), w.CONNECT),
    ({"mail": "550 5.7.1 no"}, all_of((5, 550, "5.7.1")), w.MAIL),
    ({"data": "451 4.3.0 x"}, all_of((4, 451, "4.3.0")), w.MAIL),
    ({"data": "250 fine"}, all_of(NONSENSE), w.MAIL),
    ({"dot": ["250 a", "421 4.3.2 down", None]},
     [OK, (4, 421, "4.3.2"), LOST], w.DOT),
    ({"dot": ["421 4.3.2 down"] * 3}, all_of((4, 421, "4.3.2")), w.DOT),
    ({"dot": ["250 a", "354 go", "250 c"]}, [OK, NONSENSE, OK], w.DOT),
    ({"dot": ["250 a", "221 bye", "250 c"]}, [OK, NONSENSE, OK], w.DOT),
    # garbage between the replies: nobody knows whose the next would be
    ({"dot": ["250 a", "fine", "250 c"]}, [OK, NONSENSE, NONSENSE], w.DOT),
    ({"dot": ["250 a", b"\0\xff\r\n", "250 c"]}, [OK, NONSENSE, NONSENSE],
     w.DOT),
    ({"dot": ["250 a", "2500 b", "250 c"]}, [OK, NONSENSE, NONSENSE], w.DOT),
    ({"dot": ["250 a", b"250-b\r\n550 b\r\n", "250 c"]},
     [OK, NONSENSE, NONSENSE], w.DOT),
    ({"dot": ["250 a", b"\r\n", "250 c"]}, [OK, NONSENSE, NONSENSE], w.DOT),
    # before the dot there is nothing to answer
    ({"data": b"354 go\r\n250 a\r\n250 b\r\n250 c\r\n"}, all_of(NONSENSE),
     w.DATA),
    # in one piece, of several lines, without text
    ({"dot": [b"250-2.0.0 a\r\n250 2.0.0 a\r\n552 5.2.2 b\r\n250 c\r\n"]},
     [OK, FULL, OK], w.DOT),
    ({"dot": [b"250\r\n", b"250\n", b"550\r\n"]},
     [OK, OK, (5, 550, "5.0.0")], w.DOT),
    ({"lhlo": "250-x\r\n250 SIZE 3"}, all_of((5, 552, "5.3.4")), w.MAIL),
]


@pytest.mark.parametrize("plain", [False, True], ids=["pipelined", "stepwise"])
def test_verdicts(tmp_path, plain):
    with Worker(tmp_path) as worker:
        for how, want, stage in CASES:
            if plain and "lhlo" not in how:
                how = {**how, "lhlo": PLAIN}
            with Scripted(store, **how) as server:
                job = worker.job(LOCAL, server.port, TO,
                                 transport=w.LMTP).wait()
                got = [job.status(i) for i in range(3)]
                assert got == want, (how, [job.text(i) for i in range(3)])
                assert job.stage == stage, how
        assert worker.broken is None


def test_what_is_said(tmp_path):
    path = str(tmp_path / "lmtp")
    with Scripted(store, path=path) as server, \
            Worker(tmp_path, sockets=[path]) as worker:
        job = worker.job(path, 0, TO[:1], transport=w.LMTP, flags=2).wait()
        assert job.status() == OK
        assert (job.done["host"], job.done["family"]) == (str(path), 0)
        assert server.heard == [
            "LHLO relay.example",
            "MAIL FROM:<from@here.example> SIZE=7 BODY=8BITMIME",
            "RCPT TO:<one@there.example>", "DATA"]
        assert server.bodies == [b"hello\r\n"]
        # it is used again, and posternd is not asked for another
        assert worker.job(path, 0, TO, transport=w.LMTP).wait().stage == w.DOT
        assert server.connections == 1 and worker.wanted == [1]
        wait_for(lambda: server.verbs()[-1] == "QUIT", 10, "QUIT when idle")


def test_extensions_as_by_smtp(tmp_path):
    lhlo = "250-x\r\n250-DSN\r\n250-SMTPUTF8\r\n250-LIMITS RCPTMAX=2\r\n" \
        "250 PIPELINING"
    with Scripted(store, lhlo=lhlo, dot=["250 a", "552 5.2.2 b"]) as server, \
            Worker(tmp_path) as worker:
        job = worker.job(LOCAL, server.port,
                         ("\xfcx@there.example",) + TO,
                         transport=w.LMTP).wait()
        assert [job.status(i) for i in range(4)] == [OK, FULL] * 2
        assert server.heard.count(
            "MAIL FROM:<from@here.example> SMTPUTF8") == 1
        assert server.verbs().count("LHLO") == 1
    with Scripted(store) as server, Worker(tmp_path) as worker:
        job = worker.job(LOCAL, server.port, ("\xfcx@there.example",) + TO,
                         transport=w.LMTP).wait()
        assert [job.status(i) for i in range(4)] == \
            [(5, 553, "5.6.7")] + [OK] * 3


def test_smtp_is_no_lmtp(tmp_path):
    """Neither takes the other's greeting for its own."""
    with Scripted(good) as smtp, Scripted(store) as lmtp, \
            Worker(tmp_path) as worker:
        job = worker.job(LOCAL, smtp.port, transport=w.LMTP).wait()
        assert job.status() == (4, 451, "4.5.1")
        job = worker.job(LOCAL, lmtp.port).wait()
        assert job.status() == (4, 451, "4.5.1")
        assert not smtp.bodies and not lmtp.bodies
        # nor is a connection of the one used for the other
        assert worker.job(LOCAL, smtp.port).wait().status() == OK
        job = worker.job(LOCAL, smtp.port, transport=w.LMTP).wait()
        assert job.status() == (4, 451, "4.5.1") and smtp.connections == 3


def dribble(peer):
    """A good store that sends single bytes."""
    real = peer.sock.sendall

    def say(data):
        for byte in data if isinstance(data, bytes) else \
                data.encode() + b"\r\n":
            real(bytes([byte]))
            time.sleep(0.0005)
    peer.say = say
    store(peer, dot=["250 2.0.0 a", "552 5.2.2 b", "250 2.0.0 c"])


def rss_kib(pid):
    for line in read_proc(pid, "status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


FLOODS = {
    "line": lambda p: p.say(b"250-" + b"x" * 10_000_000 + b"\r\n250 x\r\n"),
    "lines": lambda p: [p.say(b"250-x\r\n" * 10000) for _ in range(100)]
    and None,
    "replies": lambda p: [p.say(b"250 x\r\n" * 10000) for _ in range(100)]
    and None,
    "zeros": lambda p: p.say(b"\0" * 1_000_000)}


@pytest.mark.parametrize("flood", FLOODS)
def test_slow_and_flooding_stores(tmp_path, flood):
    path = str(tmp_path / "lmtp")
    with Worker(tmp_path, sockets=[path]) as worker:
        with Scripted(dribble, path=path):
            job = worker.job(path, 0, TO, transport=w.LMTP).wait()
            assert [job.status(i) for i in range(3)] == [OK, FULL, OK]
        os.unlink(path)
        before = rss_kib(worker.process.pid)
        with Scripted(store, path=path,
                      dot=["250 2.0.0 a", FLOODS[flood], "250 c"]):
            job = worker.job(path, 0, TO, transport=w.LMTP).wait()
            assert job.status(0) == OK
            others = [job.status(i)[0] for i in (1, 2)]
            # as many as it likes are as good as two
            assert others == ([2, 2] if flood == "replies" else [4, 4])
        assert rss_kib(worker.process.pid) - before < 2048


def test_next_host(tmp_path):
    """Several hosts, as by SMTP; past the dot nobody else is asked."""
    with Scripted(store, addr="127.0.0.2", lhlo="421 4.3.2 busy") as one, \
            Scripted(store, addr="127.0.0.3", port=one.port,
                     dot=["250 a", None]) as two, \
            Scripted(store, addr="127.0.0.4", port=one.port) as three, \
            Worker(tmp_path) as worker:
        job = worker.job("[127.0.0.2],[127.0.0.3],[127.0.0.4]", one.port, TO,
                         transport=w.LMTP).wait()
        assert [job.status(i) for i in range(3)] == [OK, LOST, LOST]
        assert (two.connections, three.connections) == (1, 0)


def test_no_socket(tmp_path):
    path, other = str(tmp_path / "lmtp"), str(tmp_path / "other")
    with Worker(tmp_path, sockets=[path, other]) as worker:
        job = worker.job(path, 0, transport=w.LMTP).wait()
        assert job.status() == (4, 451, "4.4.1")
        assert job.text() == "No such file or directory"
        assert job.stage == w.CONNECT
        with Scripted(store, path=path):
            pass
        job = worker.job(path, 0, transport=w.LMTP).wait()
        assert job.text() == "Connection refused"
        # no path comes from deliver, not even to posternd
        job = worker.job("/etc/passwd", 0, transport=w.LMTP).wait()
        assert job.status() == (4, 451, "4.3.5") and job.stage == w.ROUTE
        assert worker.wanted == [1, 1]
        with Scripted(store, path=other):
            assert worker.job(other, 0, transport=w.LMTP).wait().status() == OK
        assert worker.wanted == [1, 1, 2]


def test_answers_that_nobody_waits_for(tmp_path):
    """A ticket that is not known: its socket is closed, and that is all."""
    with Worker(tmp_path, sockets=[tmp_path / "x"]) as worker:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            worker.control.send(w.HOP_SOCKET, b"\x07\0\0\0",
                                fd=theirs.fileno())
            theirs.close()
            ours.settimeout(10)
            assert ours.recv(1) == b""
        assert worker.alive()


# --- the whole of postern ---------------------------------------------------

def lmtp(path, match="domain example.org"):
    return (f'accept from any for domain example.org\nworkers smtpd 1\n'
            f'workers deliver 1\nroute {match} to lmtp "{path}"\n')


def send(postern, *to, text="Subject: x\r\n\r\nbody\r\n.\r\n", options=()):
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        smtp.sendmail("a@client.example", to, text, (), options)


def test_from_client_to_store(tmp_path):
    """Through posternd, which connects; the name of the next hop is its path,
    and it can be suspended by it."""
    path = tmp_path / "lmtp"
    dot = ["250 2.0.0 a", "552 5.2.2 full", "452 4.2.2 wait"]
    with Postern(tmp_path, lmtp(path)) as p:
        send(p, *(f"{n}@example.org" for n in "abc"))
        wait_for(lambda: p.queue() and p.queue()[0]["recipients"][0]["error"],
                 what="a first attempt")
        rcpt = p.queue()[0]["recipients"][0]
        assert rcpt["destination"] == f"lmtp {path}"
        assert rcpt["error"].endswith(f"{path}: No such file or directory")
        with Scripted(store, path=path, dot=dot) as server:
            p.tool("retry", "--all")
            p.wait_event("bounced")
            wait_for(lambda: len(server.bodies) == 1 and any(
                [r["address"] for r in row["recipients"]] == ["c@example.org"]
                for row in p.queue()), what="c alone to wait")
            line, = p.events("delivered")
            assert 'rcpt="a@example.org"' in line
            assert f'host="{path}"' in line
            body, = server.bodies
            assert body.endswith(b"Subject: x\r\n\r\nbody\r\n..\r\n")
            assert f"lmtp {path}" in p.tool("queue", "--summary")
            p.tool("suspend", str(path))
            assert "suspended" in p.tool("queue", "--summary")
            p.tool("resume", str(path))
        os.unlink(path)
        with Scripted(store, path=path) as server:
            p.tool("retry", "--all")
            p.wait_event("delivered", n=2)
            assert [line for line in server.heard if line[:4] == "RCPT"] == \
                ["RCPT TO:<c@example.org>"]


def test_killed_between_the_replies(tmp_path):
    """kill -9 of deliver: whom a reply was heard for may get a second copy,
    and nobody gets none."""
    path, heard = tmp_path / "lmtp", threading.Event()

    def stay(_peer):
        heard.set()
        threading.Event().wait(20)

    first = ["250 2.0.0 a", stay]
    with Scripted(store, path=path, dot=first) as server, \
            Postern(tmp_path, lmtp(path)) as p:
        send(p, "a@example.org", "b@example.org")
        assert heard.wait(20)
        server.how = {**server.how, "dot": "250 2.0.0 fine"}
        os.kill(p.child("deliver"), signal.SIGKILL)
        p.wait_empty()
        assert len(server.bodies) == 2
        assert server.heard.count("RCPT TO:<b@example.org>") == 2
        assert len(p.events("delivered")) == 2


def test_local_mail(tmp_path):
    """For a local domain aliases come first, then the store."""
    path, aliases = tmp_path / "lmtp", tmp_path / "aliases"
    aliases.write_text("staff: bob, carol@relay.example\n")
    aliases.chmod(0o644)
    conf = lmtp(path, "local").replace("example.org", "relay.example") + \
        f'alias file "{aliases}"\npostmaster "ops@relay.example"\n'
    with Scripted(store, path=path, rcpt={"nobody@": "550 5.1.1 who?"},
                  lhlo="250-x\r\n250 DSN") as server, \
            Postern(tmp_path, conf) as p:
        send(p, "staff@relay.example", "dave@relay.example",
             "postmaster@relay.example")
        p.wait_empty()
        assert sorted(line.split(" ")[1] for line in server.heard
                      if line.startswith("RCPT")) == sorted(
            f"TO:<{n}@relay.example>" for n in ("bob", "carol", "dave", "ops"))
        send(p, "nobody@relay.example")
        assert "5.1.1" in p.wait_event("bounced")[0]


def test_confirmed_by_who_keeps_mailboxes(tmp_path):
    """A store without DSN has delivered what it took, not passed it on; the
    path of its socket is nothing for strangers."""
    path = tmp_path / "lmtp"
    conf = lmtp(path) + 'route domain client.example to host "[127.0.0.1]" '
    with Scripted(good) as back, \
            Scripted(store, path=path,
                     rcpt={"no@": "552 5.2.2 over quota"}), \
            Postern(tmp_path, conf + f"port {back.port}\n") as p:
        with smtplib.SMTP(p.addr, p.port, timeout=30) as smtp:
            smtp.ehlo()
            smtp.mail("a@client.example")
            for name in ("yes", "no"):
                smtp.rcpt(f"{name}@example.org", ["NOTIFY=SUCCESS,FAILURE"])
            smtp.data("Subject: x\r\n\r\nbody\r\n")
        wait_for(lambda: back.bodies, what="the report")
        report = back.bodies[0].decode()
        assert "Action: delivered" in report and "Action: failed" in report
        assert report.count("Remote-MTA: dns;relay.example") == 2
        assert "Diagnostic-Code: smtp; 552 5.2.2 over quota" in report
        assert str(path) not in report


def test_configuration(tmp_path):
    def said(line):
        return Postern(tmp_path, line, start=False, sandbox=True).check_conf()

    for line, error in [
            ("route any to lmtp host mail port 25",
             "port 25 is for SMTP: LMTP must not use it (RFC 2033)"),
            ("route any to lmtp run/lmtp",
             'expected the path of a socket, or "host", found "run/lmtp"'),
            ("route any to lmtp /run/lmtp tls",
             '"tls" does not go with a socket')]:
        done = said(line)
        assert done.returncode == os.EX_CONFIG
        assert done.stderr == \
            f"posternd: {tmp_path}/postern.conf:6: {error}\n"
    assert said("route local to lmtp /run/lmtp").returncode == 0
    assert said("route any to lmtp host mail port 24 tls").returncode == 0
