# SPDX-License-Identifier: ISC
# tests/system/test_crash.py - kill -9, and what was acknowledged arrives.
#
# Duplicates are counted and printed.  Only two things may cause them: an
# end of deliver between the final dot and its result, and an end of queue
# between a result and its batch.
#
# Starts early: it takes long.
"""Processes die under load: one, some, all, posternd alone, queue alone."""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import children_of, read_proc, wait_for  # noqa: E402
from siege import (NamedSink, Siege, Talk, bodies, check_spool,  # noqa: E402
                   full, kill, needs_root, say, wait_gone)

CONF = "workers smtpd 2\nworkers deliver 2"
PLACES = [("queue", 0), ("report", 0), ("reader", 0), ("reader", 1),
          ("history", 0), ("resolve", 0), ("tls-client", 0),
          ("deliver", 0), ("deliver", 1), ("smtpd", 0), ("smtpd", 1),
          ("smtpd-local", 0)]
SESSIONS = 20
OPEN_JOBS = 100  # deliveries that one death can leave in doubt


def finish(postern, capsys, what, rounds=1, orphans=0):
    """The end of each siege: drained, judged, stopped, spool empty."""
    postern.stop_load()
    hints = postern.drain()
    verdict = postern.judge()
    say(capsys, f"{what}: {verdict.acknowledged} acknowledged, "
        f"{verdict.unknown} unknown, {verdict.refused} refused, 0 lost, "
        f"{len(verdict.duplicates)} duplicates, "
        f"{len(verdict.repeated)} repeated"
        + (f", {hints} hints" if hints else ""))
    assert len(verdict.duplicates) <= rounds * OPEN_JOBS
    # what a queue was killed before removing, the next one removes
    wait_for(lambda: len(bodies(postern)) <= orphans, what="removal of bodies")
    assert postern.stop() == 0
    check_spool(postern, orphans=orphans)
    return verdict


# --- many rounds under load -------------------------------------------------

def kill_everything(postern):
    pids = postern.tree()
    kill(*pids)
    postern.process.wait()
    wait_gone(pids)
    postern.start(60)


def kill_some(postern, dice):
    before = postern.workers()
    victims = dice.sample(PLACES, dice.randint(1, 3))
    kill(*(before[place] for place in victims))
    wait_gone([before[place] for place in victims])
    postern.wait_back(before)
    for place in set(PLACES) - set(victims):
        assert postern.workers()[place] == before[place], place


def test_random_kills(tmp_path, capsys):
    rounds = full(20, 4)
    seed = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
    dice = random.Random(seed)
    say(capsys, f"POSTERN_SEED={seed}")
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        postern.load(SESSIONS)
        for n in range(rounds):
            if n % 4 == 3:
                kill_everything(postern)
            else:
                kill_some(postern, dice)
            postern.progress()
        finish(postern, capsys, f"{rounds} rounds of random kills", rounds,
               rounds * OPEN_JOBS)


def test_kill_posternd_alone(tmp_path, capsys):
    rounds = full(20, 3)
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        postern.load(SESSIONS)
        longest = 0
        for _ in range(rounds):
            children = children_of(postern.pid)
            began = time.monotonic()
            postern.process.kill()
            postern.process.wait()
            postern.start(60)
            longest = max(longest, time.monotonic() - began)
            wait_gone(children)
            postern.progress()
        finish(postern, capsys, f"{rounds} rounds of posternd alone, at most "
               f"{longest:.1f} s to be ready again", rounds)


# --- one alone --------------------------------------------------------------

def open_sessions(postern, n=8):
    """Sessions in the middle of a transaction, by the place they are at."""
    found = {}
    for _ in range(n):
        talk = Talk(postern)
        talk.envelope()
        found.setdefault(talk.owner(postern), []).append(talk)
    return found


def finish_sessions(sessions, dead):
    for place, talks in sessions.items():
        for talk in talks:
            with talk:
                if place == dead:
                    assert talk.hear() == ""
                else:
                    assert talk.body().startswith("250 "), place


@pytest.mark.parametrize("place", [
    # whose session it is, only root sees in /proc
    pytest.param(p, marks=needs_root if p[0] == "smtpd" else ())
    for p in PLACES], ids=lambda p: f"{p[0]}-{p[1]}")
def test_kill_one(tmp_path, capsys, place):
    """Others keep their pids, open sessions go on, the load too."""
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        postern.load(SESSIONS)
        before = postern.workers()
        assert set(before) == set(PLACES)
        sessions = open_sessions(postern)
        kill(before[place])
        wait_gone([before[place]])
        postern.wait_back(before)
        after = postern.workers()
        assert after.pop(place) != before.pop(place)
        assert after == before
        finish_sessions(sessions, place)
        postern.progress()
        assert postern.workers() == {**before, place: postern.workers()[place]}
        verdict = finish(postern, capsys, f"{place[0]}/{place[1]} killed",
                         orphans=OPEN_JOBS * (place[0] == "queue"))
        if place[0] not in ("queue", "deliver"):
            assert not verdict.duplicates
        assert not verdict.repeated or place[0] == "queue"


def test_body_under_way_when_queue_dies(tmp_path):
    """Its file is lost with queue: 451, and the session goes on."""
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        with Talk(postern) as talk:
            talk.envelope()
            assert talk.ask("DATA").startswith("354 ")
            talk.say("Subject: half\r\n\r\nof it\r\n")
            before = postern.workers()
            kill(before["queue", 0])
            wait_gone([before["queue", 0]])
            postern.wait_back(before)
            assert talk.ask("the rest\r\n.").startswith("451 ")
            talk.envelope()
            assert talk.body().startswith("250 ")
        sink.wait(1)
        postern.drain()
        assert sink.lines() == 1


# --- queue alone, at its worst moments --------------------------------------

def warm(postern, messages=400):
    """The window of the destination opens with success."""
    postern.send(messages, 50)
    postern.drain()


def results_written(postern, sink):
    """What is at the sink is out of the queue, and stays out."""
    done = {line.split(" id=")[1].split()[0]
            for line in postern.events("delivered")}
    return len(done) == sink.lines() and \
        not done & {row["id"] for row in postern.queue()}


def hold_at_dots(postern, sink, n):
    """n or more deliveries wait for their 250, the rest of the load behind."""
    postern.load(50)

    def at_dots():
        postern.progress(400)
        sink.hold()
        with contextlib.suppress(AssertionError):
            return wait_for(lambda: sink.held() >= n, 5, poll=0.05)
        # a destination of which nothing was left is forgotten, one that
        # failed halves its window; while none ends, no window grows
        sink.release()
        postern.tool("retry", "--all")
        return False

    wait_for(at_dots, 120, what=f"{n} at their dots")
    postern.stop_load()
    wait_for(lambda: results_written(postern, sink), what="results on disk")
    return sink.held()


def test_no_duplicate_past_the_dot(tmp_path, capsys):
    """50 deliveries wait for their 250; queue dies; none is sent again."""
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        waiting = hold_at_dots(postern, sink, 50)
        before = postern.workers()
        kill(before["queue", 0])
        wait_gone([before["queue", 0]])
        postern.wait_back(before)
        postern.wait_event("held-by-worker", n=waiting)
        postern.send(5, 5)  # new mail is taken meanwhile
        assert after_without(postern, "queue") == without(before, "queue")
        sink.release()
        verdict = finish(postern, capsys,
                         f"queue killed with {waiting} past the dot",
                         orphans=OPEN_JOBS)
        assert not verdict.duplicates


def test_second_death_past_the_dot(tmp_path, capsys):
    """What a worker holds for the queue before the last is still held."""
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        waiting = hold_at_dots(postern, sink, 50)
        for n in (1, 2):
            before = postern.workers()
            kill(before["queue", 0])
            wait_gone([before["queue", 0]])
            postern.wait_back(before)
            postern.wait_event("held-by-worker", n=waiting * n)
        sink.release()
        verdict = finish(postern, capsys, "queue killed twice with "
                         f"{waiting} past the dot", orphans=OPEN_JOBS)
        assert not verdict.duplicates


def without(workers, name):
    return {place: pid for place, pid in workers.items() if place[0] != name}


def after_without(postern, name):
    return without(postern.workers(), name)


class Freezer:
    """Queue stops as a whole with its next system call of that name."""

    def __init__(self, pid, call):
        self.pid = pid
        self.process = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
             "-e", f"inject={call}:signal=SIGSTOP:when=1", "-p", str(pid)])
        wait_for(lambda: all("TracerPid:\t0" not in text
                             for text in self.tasks("status")),
                 what="strace to be attached")

    def tasks(self, name):
        return [(task / name).read_text()
                for task in Path(f"/proc/{self.pid}/task").iterdir()]

    def is_frozen(self):
        return all(text.rpartition(")")[2].split()[0] in "Tt"
                   for text in self.tasks("stat"))

    def end(self):
        kill(self.pid)
        wait_gone([self.pid])
        self.process.wait()


def is_quiet(postern, client):
    """No session moves any more: all of them wait for queue."""
    pids = [client.process.pid] + [
        pid for (name, _), pid in postern.workers().items() if name == "smtpd"]

    def sleeps():
        texts = [read_proc(pid, "status").splitlines() for pid in pids]
        return [line for text in texts for line in text
                if line.startswith("voluntary_ctxt_switches")]
    before = sleeps()
    time.sleep(0.3)
    # the workers' clocks tick once a second
    return sum(a != b for a, b in zip(before, sleeps())) < 3


@needs_root
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace")
@pytest.mark.parametrize("call, least, most", [
    ("fsync", 0, 0), ("fdatasync", 0, 10), ("sendmsg", 1, 10)],
    ids=["before-commit", "in-commit", "before-answer"])
def test_fate_of_the_unanswered(tmp_path, capsys, call, least, most):
    """Commits whose queue died: 250 if they are stored, else 451."""
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        warm(postern)
        before = postern.workers()
        sink.hold()  # else results may die unread with queue: P3
        freezer = Freezer(before["queue", 0], call)
        client = postern.begin(10, 10)
        wait_for(freezer.is_frozen, what="queue to be frozen")
        wait_for(lambda: is_quiet(postern, client), what="quiet sessions")
        freezer.end()
        postern.wait_back(before)
        result = client.finish(120)
        assert after_without(postern, "queue") == without(before, "queue")
        assert (result.unknown, result.lost_connections) == (0, 0)
        assert result.acknowledged + result.refused == 10
        assert least <= result.acknowledged <= most
        sink.release()
        verdict = finish(postern, capsys, f"queue died at {call}: "
                         f"{result.acknowledged} of 10 stored", orphans=10)
        assert not verdict.duplicates
        assert not verdict.repeated, "refused, but stored"
