# SPDX-License-Identifier: ISC
# tests/system/test_smtpd.py - postern-smtpd among its peers.
#
# What dialogues cannot show: limits over several clients, clients that do
# not read or vanish, the death of queue, the end of the worker.
"""postern-smtpd as a process."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from siege import full  # noqa: E402
from harness import (Client, Postern, Sink, check, read_proc,  # noqa: E402
                     wait_for)

PATIENCE = 30


class Smtp:
    """A client that speaks line by line."""

    def __init__(self, p, path=None, greeted=True):
        if path is None:
            self.socket = socket.create_connection((p.addr, p.port), PATIENCE)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(PATIENCE)
            self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")
        if greeted:
            assert self.reply().startswith("220 ")

    def reply(self):
        while True:
            line = self.file.readline().decode().removesuffix("\r\n")
            if line[3:4] != "-":
                return line

    def send(self, text):
        self.socket.sendall(text.encode())

    def say(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def to_data(self, rcpt="b@example.org"):
        """Everything up to the answer to DATA, which it gives."""
        assert self.say("EHLO client.example").startswith("250 ")
        assert self.say("MAIL FROM:<a@client.example>").startswith("250 ")
        assert self.say(f"RCPT TO:<{rcpt}>").startswith("250 ")
        return self.say("DATA")

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
        with Postern(tmp_path, "\n".join([*conf, sink.route()])) as p:
            p.sink = sink
            yield p


@contextlib.contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def rss_kib(pid):
    for line in read_proc(pid, "status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def test_idle_client_is_told(tmp_path):
    with suite(tmp_path, "limit idle 1s") as p, Smtp(p) as c:
        c.send("EHLO half a li")  # bytes alone do not keep a session
        assert c.reply().startswith("421 4.4.2 ")
        assert c.file.read() == b""


def test_idle_within_a_message(tmp_path):
    with suite(tmp_path, "limit idle 1s") as p, Smtp(p) as c:
        assert c.to_data().startswith("354 ")
        c.send("half a message\r\n")
        assert c.reply().startswith("421 4.4.2 ")
        assert not p.events("queued")


def test_sessions_limit(tmp_path):
    with suite(tmp_path, "limit sessions 2", "workers smtpd 1") as p:
        with Smtp(p) as first, Smtp(p):
            with Smtp(p, greeted=False) as third:
                assert third.reply().startswith("421 4.3.2 ")
                assert third.file.read() == b""
            assert first.say("QUIT").startswith("221 ")
        wait_for(lambda: greeted(p), PATIENCE, "a place to be free")


def greeted(p):
    with Smtp(p, greeted=False) as c:
        return c.reply().startswith("220 ")


def test_submission_socket(tmp_path):
    with suite(tmp_path, "reject from any") as p:
        with Smtp(p) as c:
            assert c.say("EHLO x").startswith("250 ")
            assert c.say("MAIL FROM:<a@client.example>").startswith("250 ")
        with Smtp(p, path=p.runtime / "submit") as c:
            assert c.to_data().startswith("354 ")
            c.send("X-Postern-Id: local-1\r\n\r\nbody\r\n")
            assert c.say(".").startswith("250 2.0.0 queued as ")
        line = p.wait_event("queued")[0]
        assert f"uid={os.getuid()}" in line


def test_client_that_does_not_read(tmp_path):
    """It waits for itself; nobody waits for it, and no answer is lost."""
    noops = 100000
    with suite(tmp_path, "workers smtpd 1") as p, Smtp(p) as deaf:
        pid = p.child("smtpd")
        before = rss_kib(pid)
        deaf.socket.setblocking(False)
        data, sent = b"NOOP\r\n" * noops, 0
        end = time.monotonic() + PATIENCE
        while sent < len(data) and time.monotonic() < end:
            try:
                sent += deaf.socket.send(data[sent:sent + 65536])
            except BlockingIOError:
                break
        with Smtp(p) as other:
            assert other.say("NOOP").startswith("250 ")
        assert rss_kib(pid) - before < 2048
        deaf.socket.settimeout(PATIENCE)
        got = 0
        while got < noops:
            if sent < len(data):
                deaf.socket.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    sent += deaf.socket.send(data[sent:sent + 65536])
                deaf.socket.settimeout(PATIENCE)
            piece = deaf.socket.recv(65536)
            assert piece
            got += piece.count(b"\n")
        assert got == noops


@needs_root  # to see the descriptors of what is not dumpable
def test_client_that_vanishes(tmp_path):
    """Its body is given up, and its descriptors with it."""
    with suite(tmp_path, "workers smtpd 1") as p:
        pid = p.child("smtpd")
        with Smtp(p):
            wait_for(lambda: descriptors(pid) > 20, PATIENCE, "a stock")
        before = descriptors(pid)
        for n in range(50):
            with Smtp(p) as c:
                assert c.to_data().startswith("354 ")
                c.send("x" * 70000 if n % 2 else "short")
        wait_for(lambda: descriptors(pid) <= before + 32, PATIENCE,
                 "descriptors to be given back")
        with Smtp(p) as c:
            assert c.to_data().startswith("354 ")
            assert c.say("x\r\n.").startswith("250 ")
        assert len(p.events("queued")) == 1


def test_queue_dies_before_the_end_of_data(tmp_path):
    with suite(tmp_path, "workers smtpd 1") as p, Smtp(p) as c:
        smtpd = p.child("smtpd")
        assert c.to_data().startswith("354 ")
        c.send("first half\r\n")
        os.kill(p.child("queue"), signal.SIGKILL)
        p.wait_event("child-exit")
        assert c.say("second half\r\n.").startswith("451 4.3.0 ")
        # the same session, the new queue
        assert c.to_data().startswith("354 ")
        assert c.say("again\r\n.").startswith("250 ")
        assert p.child("smtpd") == smtpd


def test_queue_dies_with_a_commit_unanswered(tmp_path):
    """The new queue is asked; it had not stored it, so: 451."""
    with suite(tmp_path, "workers smtpd 1") as p, Smtp(p) as c:
        assert c.to_data().startswith("354 ")
        queue = p.child("queue")
        with stopped(queue):
            c.send("text\r\n.\r\n")
            with Smtp(p) as other:  # a turn of the loop has passed
                assert other.say("NOOP").startswith("250 ")
            os.kill(queue, signal.SIGKILL)
        assert c.reply().startswith("451 4.3.0 ")
        assert c.to_data().startswith("354 ")
        assert c.say("again\r\n.").startswith("250 ")


def test_queue_dies_again_and_again(tmp_path):
    """Under load: what was acknowledged arrives."""
    with suite(tmp_path) as p:
        client = Client(p, messages=2000, sessions=20, retry=True).start()
        for n in range(1, 4):
            wait_for(lambda n=n: client.acknowledged() >= n * 300, PATIENCE,
                     "progress")
            pid = p.child("queue")
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda pid=pid: pid not in p.children().get("queue", [])
                     and p.children().get("queue"), PATIENCE, "a new queue")
        result = client.finish()
        assert result.acknowledged == 2000
        # the sink may have more than once what was in flight: only a loss
        # counts here
        p.sink.wait(2000, 60)
        found = check([client.log], [p.sink.log])
        assert not found.lost


def test_stop_tells_idle_clients(tmp_path):
    with suite(tmp_path) as p:
        with Smtp(p) as c, Smtp(p) as in_mail:
            assert c.say("EHLO x").startswith("250 ")
            assert in_mail.say("EHLO x").startswith("250 ")
            assert in_mail.say("MAIL FROM:<>").startswith("250 ")
            p.process.send_signal(signal.SIGTERM)
            assert c.reply().startswith("421 4.3.2 ")
            assert in_mail.reply().startswith("421 4.3.2 ")
        assert p.process.wait(PATIENCE) == 0


def test_stop_lets_a_message_finish(tmp_path):
    with suite(tmp_path, "workers smtpd 1") as p:
        with Smtp(p) as c, Smtp(p) as idle:
            assert c.to_data().startswith("354 ")
            c.send("text\r\n")
            p.process.send_signal(signal.SIGTERM)
            assert idle.reply().startswith("421 4.3.2 ")
            assert c.say(".").startswith("250 ")
            assert c.reply().startswith("421 4.3.2 ")
        assert p.process.wait(PATIENCE) == 0


def test_many_idle_clients_cost_little(tmp_path):
    many = 2000
    with suite(tmp_path, "workers smtpd 1") as p:
        pid = p.child("smtpd")
        before = rss_kib(pid)
        clients = []
        try:
            for _ in range(many):
                clients.append(socket.create_connection((p.addr, p.port), 10))
            for c in clients:
                assert c.recv(100).startswith(b"220 ")
                c.sendall(b"EHLO client.example\r\n")
            for c in clients:
                assert c.recv(1000).startswith(b"250-")
            assert (rss_kib(pid) - before) * 1024 < many * 2048
        finally:
            for c in clients:
                c.close()


class FewDescriptors(Postern):
    """A machine that grants less than the configuration asks for."""

    LIMIT = 120

    def argv(self, *more):
        return ["prlimit", f"--nofile={self.LIMIT}:{self.LIMIT}",
                *super().argv(*more)]


def test_few_descriptors(tmp_path):
    """No client ungreeted, and always a descriptor left for queue's files."""
    with Sink(tmp_path) as sink, FewDescriptors(
            tmp_path, f"workers smtpd 1\n{sink.route()}") as p:
        before = p.children()
        clients = [Smtp(p, greeted=False) for _ in range(p.LIMIT)]
        greetings = [c.reply()[:4] for c in clients]
        assert set(greetings) == {"220 ", "421 "}
        first = clients[0]
        assert first.to_data().startswith("354 ")
        assert first.say("x\r\n.").startswith("250 ")
        for c in clients:
            c.close()
        wait_for(lambda: greeted(p), PATIENCE, "a place to be free")
        assert p.children() == before
        assert not p.events("peer-broken")


def test_large_message(tmp_path):
    """Constant memory, the same bytes."""
    with suite(tmp_path, "workers smtpd 1") as p, Smtp(p) as c:
        pid = p.child("smtpd")
        before = rss_kib(pid)
        assert c.to_data().startswith("354 ")
        piece = "x" * 998 + "\r\n"
        for _ in range(20):
            c.send(piece * 1000)
        assert rss_kib(pid) - before < 1024
        assert c.say(".").startswith("250 ")
        size = int(p.wait_event("queued")[0].split("size=")[1].split()[0])
        assert 20000000 < size < 20001000


@pytest.mark.skipif(os.getuid() != 0, reason="skipped: root")
def test_disk_full(tmp_path):
    """452 to the end of data, and the next message is welcome."""
    spool = tmp_path / "spool"
    spool.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o",
                    "size=24m,nr_inodes=100k,mode=0755", "tmpfs", spool],
                   check=True)
    try:
        with suite(tmp_path, "limit space free 0") as p, Smtp(p) as c:
            assert c.to_data().startswith("354 ")
            for _ in range(30):
                c.send(("x" * 998 + "\r\n") * 1000)
            assert c.say(".").startswith("452 4.3.1 ")
            wait_for(lambda: stored(c), PATIENCE, "room again", poll=0.2)
    finally:
        subprocess.run(["umount", "-l", spool], check=True)


def stored(c):
    if not c.to_data().startswith("354 "):
        return False
    return c.say("small\r\n.").startswith("250 ")


def test_slow_message(tmp_path):
    """A byte now and then keeps no place: the rate counts, not the silence."""
    if not full(True, False):
        return  # half a minute of grace; tests/unit/test_pace.c has the sums
    with suite(tmp_path, "limit data rate 1M") as p, Smtp(p) as c:
        c.to_data()
        start = time.monotonic()
        c.socket.settimeout(1)
        reply = b""
        while not reply and time.monotonic() < start + 40:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                c.socket.send(b"x")
            with contextlib.suppress(TimeoutError):
                reply = c.socket.recv(1000)
        assert reply.startswith(b"421 4.4.2 message comes in too slowly")
        assert time.monotonic() - start > 29
        assert not p.queue()


def test_session_life(tmp_path):
    with suite(tmp_path, "limit session life 2s") as p, Smtp(p) as c:
        reply = "250 "
        while reply.startswith("250 "):
            reply = c.say("NOOP")
        assert reply.startswith("421 4.7.0 this session has lasted")
