# SPDX-License-Identifier: ISC
# tests/lib/siege.py - load that never gives up, violence, and the judgement.
"""Shared by the tests of load, crashes, stops and hostile children.

A siege is a postern under a client that sends without end and reconnects;
judge() is what the invariant checker says of it once the queue is empty.
"""

import os
import shutil
import signal
import socket
import sqlite3
import struct
import time
from pathlib import Path

import pytest
from harness import (Client, Dns, Postern, Sink, check, count_lines, event_of,
                     is_alive, read_proc, wait_for)

PROOF = os.environ.get("POSTERN_PROOF") == "1"
ROOT_USER = os.geteuid() == 0
PATIENCE_STILL = 3  # seconds without progress of a draining queue


def full(proof, quick):
    """How often: the full count with POSTERN_PROOF=1, else the small one."""
    return proof if PROOF else quick


def say(capsys, text):
    """A figure for whoever reads the output of the run."""
    if capsys is None:
        print(text)
        return
    with capsys.disabled():
        print(f"\n    {text}", end="", flush=True)


class Siege(Postern):
    """A postern, and a client that keeps on sending until stop_load().

    Mail is not refused because the disk of a busy machine is slow, unless
    refuses says that it shall.
    """

    def __init__(self, tmpdir, sink, conf="", route=None, refuses=False,
                 **options):
        self.sink = sink
        self.clients = []
        if not refuses:
            conf = f"limit disk delay never\n{conf}"
        super().__init__(
            tmpdir, f"limit destination connections 60\n{conf}\n"
            f"{route or sink.route()}", **options)

    def load(self, sessions=10, **options):
        client = Client(self, messages=10000000, sessions=sessions,
                        retry=True, **options)
        self.clients.append(client)
        client.start()
        self.progress(20)
        return client

    def begin(self, messages, sessions=1, **options):
        client = Client(self, messages=messages, sessions=sessions, **options)
        self.clients.append(client)
        return client.start()

    def send(self, messages, sessions=1, **options):
        """Messages that must all be acknowledged."""
        result = self.begin(messages, sessions, **options).finish()
        assert result.acknowledged == messages, vars(result)
        return result

    def stop_load(self):
        return [c.stop() for c in self.clients
                if c.process.poll() is None]

    def settled(self):
        return sum(count_lines(c.log) for c in self.clients)

    def progress(self, n=50, timeout=60):
        """Until n more messages were acknowledged and n more delivered."""
        self.accepts(n, timeout)
        self.delivers(n, timeout)

    def accepts(self, n=50, timeout=60):
        sent = self.settled() + n
        wait_for(lambda: self.settled() >= sent, timeout,
                 f"{n} more messages from the clients")

    def delivers(self, n=50, timeout=60):
        came = self.sink.lines() + n
        wait_for(lambda: self.sink.lines() >= came, timeout,
                 f"{n} more messages at the sink")

    def drain(self, timeout=60):
        """Until nothing is queued; how many hints it needed.

        What a crash put to sleep would be tried again minutes later:
        `postern retry --all` is what an operator would say.  What stands
        still without waiting for a clock has been forgotten: that fails.
        """
        # what its client gave up on may be on its way into queue.db: an order
        # about no message comes behind it
        self.tool("retry", "1000000", check_status=False)
        hints, seen = 0, None
        end = still = time.monotonic() + timeout
        while rows := self.queue():
            now = time.monotonic()
            assert now < end, f"{len(rows)} still queued: {rows[:3]}"
            if seen != len(rows):
                seen, still = len(rows), now + PATIENCE_STILL
            elif now > still:
                assert self.ever("asleep") or any(
                    r["next_try"] for row in rows for r in row["recipients"]
                ), f"forgotten: {rows[:3]}"
                self.tool("retry", "--all")
                hints, still = hints + 1, now + PATIENCE_STILL
            time.sleep(0.1)
        return hints

    def ever(self, word):
        """Lines of that event in all lives of this postern."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return [line for line in f if event_of(line) == word]

    def judge(self):
        """The verdict on all clients; it must be good."""
        verdict = check([c.log for c in self.clients], [self.sink.log])
        assert verdict.ok, str(verdict)
        return verdict

    def workers(self):
        """{(name, number): pid}: a place keeps its name in every life."""
        return {(name, n): pid for name, pids in
                by_place(self.children_in_places()).items()
                for n, pid in pids.items()}

    def children_in_places(self):
        found = []
        for pids in self.children().values():
            for pid in pids:
                words = read_proc(pid, "cmdline").rstrip("\0").split("\0")
                if words[-1].isdigit():  # else it has not yet begun
                    found.append((place_name(words), int(words[-1]), pid))
        return found

    def wait_back(self, before, timeout=60):
        """Until every place of before has a process that is ready."""
        def back():
            now = self.workers()
            return all(place in now and is_alive(now[place]) and
                       is_confined(now[place]) for place in before)
        wait_for(back, timeout, "all children to be back")


def by_place(children):
    found = {}
    for name, number, pid in children:
        found.setdefault(name, {})[number] = pid
    return found


def place_name(words):
    name = os.path.basename(words[0]).removeprefix("postern-")
    for class_ in ("local", "login", "client"):
        if class_ in words[1:-1]:
            return f"{name}-{class_}"
    return name


def is_confined(pid):
    """It has come to the end of its start (with the sandbox on)."""
    return not ROOT_USER or "Seccomp:\t2" in read_proc(pid, "status")


def kill(*pids, sig=signal.SIGKILL):
    """To these pids only; who is gone already does not count."""
    for pid in pids:
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            pass


def wait_gone(pids, timeout=40):
    wait_for(lambda: not any(is_alive(p) for p in pids), timeout,
             "processes to be gone")


# --- what a process holds ---------------------------------------------------

def memory_kib(pid):
    """PSS where it can be read, else RSS."""
    for name, key in (("smaps_rollup", "Pss:"), ("status", "VmRSS:")):
        for line in read_proc(pid, name).splitlines():
            if line.startswith(key):
                return int(line.split()[1])
    return 0


def heap_kib(pid):
    """What it has taken for itself; PSS moves with who else has a library
    mapped."""
    for line in read_proc(pid, "smaps_rollup").splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1])
    return memory_kib(pid)


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def sockets(pid):
    """Inode numbers of its sockets."""
    found = set()
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return found
    for name in names:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(int(target[8:-1]))
    return found


def inode_of_peer(local_port, peer_port, table="tcp"):
    """The inode of the socket at local_port whose peer is peer_port."""
    with open(f"/proc/net/{table}", encoding="ascii") as f:
        for line in list(f)[1:]:
            words = line.split()
            here, there = (int(w.split(":")[1], 16) for w in words[1:3])
            if (here, there) == (local_port, peer_port):
                return int(words[9])
    return None


# --- what is on the disk ----------------------------------------------------

def commits(postern):
    """How many transactions the queue's database has seen.

    It is iChange of the WAL index: SQLite adds one per commit.  Reading
    these four bytes neither locks nor slows anything.
    """
    with open(postern.spool / "queue/queue.db-shm", "rb") as f:
        return struct.unpack("=I", f.read(12)[8:])[0]


def size_of(path):
    """0 also for a file that is gone by now."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def bodies(postern):
    """Accepted bodies in mess/: without the files that wait to be filled."""
    # a shard may go while we look: os.walk passes it over
    paths = [Path(folder) / name for folder, _, names
             in os.walk(postern.spool / "queue/mess") for name in names]
    return [path for path in paths if size_of(path) > 0]


def check_spool(postern, rows=0, orphans=0):
    """Of a stopped postern: rows left, integrity, a body for each row.

    A queue that was killed between the names of bodies and their rows
    leaves bodies without a row: at most orphans.
    """
    copy = postern.dir / "copy-of-queue"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in ("queue.db", "queue.db-wal"):
        shutil.copy(postern.spool / "queue" / name, copy / name)
    db = sqlite3.connect(copy / "queue.db")
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for table in ("message", "grp", "recipient"):
            found = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            assert table != "message" or found == rows
            assert rows or not found, f"{found} rows in {table}"
    finally:
        db.close()
    left = len(bodies(postern))
    assert rows <= left <= rows + orphans, f"{left} bodies, {rows} rows"


# --- one session by hand ----------------------------------------------------

class Talk:
    """An SMTP client that says exactly what it is told."""

    def __init__(self, target):
        self.socket = socket.create_connection((target.addr, target.port), 70)
        self.file = self.socket.makefile("rb")
        assert self.hear().startswith("220 ")
        self.say("EHLO client.example\r\n")
        assert self.hear().startswith("250 ")

    def owner(self, postern):
        """The place (name, number) of the process at the other end."""
        inode = inode_of_peer(postern.port, self.socket.getsockname()[1])
        for place, pid in postern.workers().items():
            if inode in sockets(pid):
                return place
        return None

    def say(self, text):
        self.socket.sendall(text.encode())

    def hear(self):
        """The last line of the next reply, "" at the end."""
        while True:
            line = self.file.readline().decode()
            if line[3:4] != "-":
                return line.strip()

    def ask(self, text):
        self.say(text + "\r\n")
        return self.hear()

    def envelope(self):
        assert self.ask("MAIL FROM:<a@client.example>").startswith("250 ")
        assert self.ask("RCPT TO:<b@example.org>").startswith("250 ")

    def body(self):
        """From DATA to the reply to the dot."""
        reply = self.ask("DATA")
        if not reply.startswith("354 "):
            return reply
        return self.ask("Subject: by hand\r\n\r\nhello\r\n.")

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


needs_root = pytest.mark.skipif(not ROOT_USER, reason="skipped: root")


class NamedSink(Sink):
    """A sink that is found by name, so that resolve is needed too."""

    def __init__(self, tmpdir, *options, **keys):
        super().__init__(tmpdir, *options, **keys)
        try:
            self.dns = Dns(tmpdir, ["sink.test 5 A 127.0.0.1"])
        except BaseException:
            super().stop()
            raise

    def route(self):
        return (f"{self.dns.setting()}\nmx addresses allow 127.0.0.0/8\n"
                f'route any to host "sink.test" port {self.port}')

    def stop(self):
        self.dns.stop()
        return super().stop()
