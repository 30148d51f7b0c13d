# SPDX-License-Identifier: ISC
# tests/system/test_load.py - much mail at once, and one message alone.
# Runs alone: it measures.
"""Everything arrives once, nothing grows, few transactions, no waiting."""

import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import BUILD, Sink, read_proc, wait_for  # noqa: E402
from siege import (Siege, Talk, bodies, check_spool,  # noqa: E402
                   commits, descriptors, full, heap_kib, needs_root, say)

WARM = 0.1  # share of the messages that fill caches and pools
ROOM_KIB = 256  # what a process may vary by: some packets
CACHE_KIB = 16384  # of history, whose pages of history.db fill it slowly
ROOM_FDS = 50  # sessions move between workers


class Watch:
    """Memory and descriptors of every process while messages pass."""

    def __init__(self, postern):
        self.pids = {postern.pid: "posternd"}
        self.pids.update({pid: f"{name}/{n}" for (name, n), pid in
                          postern.workers().items()})
        self.samples = []

    def look(self, done):
        self.samples.append((done, {pid: (heap_kib(pid), descriptors(pid))
                                    for pid in self.pids}))

    def medians(self, low, high):
        chosen = [s for done, s in self.samples if low <= done < high]
        assert len(chosen) >= 3, "too few samples"
        return {pid: [statistics.median(s[pid][i] for s in chosen)
                      for i in (0, 1)] for pid in self.pids}

    def compare(self, total):
        """Lines for people, and those where the second half is higher."""
        first = self.medians(total * WARM, total / 2)
        second = self.medians(total / 2, total * 0.98)
        lines, grown = [], []
        for pid, name in self.pids.items():
            (mem1, fds1), (mem2, fds2) = first[pid], second[pid]
            line = (f"{name} {mem1:.0f} -> {mem2:.0f} KiB, "
                    f"{fds1:.0f} -> {fds2:.0f} descriptors")
            lines.append(line)
            room = CACHE_KIB if name.startswith("history") else ROOM_KIB
            if mem2 > mem1 * 1.03 + room or fds2 > fds1 * 1.1 + ROOM_FDS:
                grown.append(line)
        return lines, grown


def test_many(tmp_path, capsys):
    total = full(20000, 10000)
    with Sink(tmp_path) as sink, Siege(tmp_path, sink, refuses=True) as postern:
        watch = Watch(postern)
        postern.send(200, 20)
        before = commits(postern)
        client = postern.begin(total, 50)
        while client.process.poll() is None:
            watch.look(postern.settled() - 200)
            time.sleep(total / 400000)
        result = client.finish()
        postern.drain()
        used = (commits(postern) - before) / total
        assert result.acknowledged == total
        lines, grown = watch.compare(total)
        say(capsys, f"{total} messages, 50 sessions: {result.rate:.0f}/s, "
            f"{used:.3f} commits per message")
        for line in lines:
            say(capsys, line)
        # a sanitizer keeps what was freed, to catch its use
        assert not grown or "asan" in str(BUILD), grown
        assert used < 0.3
        verdict = postern.judge()
        assert not verdict.duplicates and not verdict.repeated
        assert verdict.acknowledged == sink.lines() == total + 200
        assert not bodies(postern)
        assert postern.stop() == 0
        check_spool(postern)


# --- one message under strace -----------------------------------------------

CALL = re.compile(r"(?P<pid>\d+) +(?P<at>\d+\.\d+) (?P<name>\w+)\((?P<args>.*)"
                  r"\) += (?P<ret>-?\d+|\?)(?P<rest>.*)")
CUT = re.compile(r"(\d+) +(\d+\.\d+) (.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"(\d+) +\d+\.\d+ <\.\.\. \w+ resumed>(.*)$")
TOOK = re.compile(r"<(\d+\.\d+)>$")
SLEEPS = {"nanosleep", "clock_nanosleep", "poll", "ppoll", "select",
          "pselect6", "timerfd_settime", "setitimer", "timer_settime"}
WAITS = {"epoll_wait", "epoll_pwait", "epoll_pwait2", "futex"}


class Call:
    def __init__(self, found):
        self.pid = int(found["pid"])
        self.name, self.args = found["name"], found["args"]
        self.ret = -1 if found["ret"] == "?" else int(found["ret"])
        self.rest = found["rest"]
        took = TOOK.search(found["rest"])
        self.begin = float(found["at"])
        self.end = self.begin + (float(took[1]) if took else 0.0)


def calls_of(path):
    """The finished system calls of an strace -f -ttt -T, by their ends."""
    calls, cut = [], {}
    for line in path.read_text(errors="replace").splitlines():
        if found := CUT.match(line):
            cut[found[1]] = line[:found.end(3)]
            continue
        if found := RESUMED.match(line):
            line = cut.pop(found[1], "") + found[2]
        if found := CALL.match(line):
            calls.append(Call(found))
    return sorted(calls, key=lambda c: c.end)


def trace_one_message(postern, folder):
    """The calls of queue while one client sends one message."""
    queue = postern.child("queue")
    out = folder / "strace.queue"
    tracer = subprocess.Popen(
        ["strace", "-f", "-ttt", "-T", "-y", "-s", "16", "-o", str(out), "-p",
         str(queue)], stderr=subprocess.PIPE, text=True)
    try:
        threads = len(list(Path(f"/proc/{queue}/task").iterdir()))
        wait_for(lambda: all_traced(queue), what="strace to be attached")
        with Talk(postern) as talk:
            talk.envelope()
            assert talk.body().startswith("250 ")
    finally:
        tracer.terminate()
        tracer.communicate()
    assert threads > 1
    return calls_of(out)


def all_traced(pid):
    return all("TracerPid:\t0" not in read_proc(pid, f"task/{task.name}/"
                                                "status")
               for task in Path(f"/proc/{pid}/task").iterdir())


@needs_root
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace")
def test_one_does_not_wait(tmp_path, capsys):
    """From the commit's frame to its answer nothing waits but the disk."""
    with Sink(tmp_path) as sink, Siege(tmp_path, sink, refuses=True) as postern:
        result = postern.send(50, 1)
        postern.drain()
        sink.hold()  # its delivery is no part of this
        calls = trace_one_message(postern, tmp_path)
        sink.release()
        postern.drain()
    loop = postern_loop(calls)
    arrival, answer = arrival_and_answer(calls, loop)
    within = [c for c in calls if c.end > arrival.end and
              c.begin < answer.begin]
    disk = sum(c.end - c.begin for c in within
               if c.name in ("fsync", "fdatasync"))
    took = answer.begin - arrival.end
    say(capsys, f"one session: dot to 250 in {result.dot_us.p50} us; under "
        f"strace commit to answer {took * 1e6:.0f} us, {disk * 1e6:.0f} us "
        f"of it in {sum(c.name.endswith('sync') for c in within)} syncs")
    assert [c.name for c in within if c.name in SLEEPS] == []
    assert [c.args for c in within if timed_out(c)] == []
    assert [c.args for c in within if timed_wait(c)] == []


def arrival_and_answer(calls, loop):
    """The frames between which the message was made durable.

    A commit of results, which nobody waits for, has no answer to the process
    whose frame came last before it.
    """
    for commit in calls:
        if commit.name != "fdatasync" or "queue.db-wal" not in commit.args:
            continue
        arrivals = [c for c in calls if c.pid == loop and
                    c.name == "recvmsg" and c.ret > 0 and
                    c.end < commit.begin]
        if not arrivals:
            continue
        for c in calls:
            if c.pid == loop and c.name == "sendmsg" and \
                    c.begin > commit.end and peer(c) == peer(arrivals[-1]):
                return arrivals[-1], c
    raise AssertionError("no commit with an answer")


def peer(call):
    return call.args.split(",")[0]


def timed_wait(call):
    """A thread that sleeps on a lock or condition with a time limit."""
    return call.name == "futex" and "FUTEX_WAIT" in call.args and \
        call.args.split(", ")[3] != "NULL"


def timed_out(call):
    """A wait that ended because of its clock."""
    return call.name in WAITS and (
        "ETIMEDOUT" in call.rest or
        (call.name != "futex" and call.ret == 0 and
         not call.args.endswith(", 0")))


def postern_loop(calls):
    return next(c.pid for c in calls if c.name.startswith("epoll_"))
