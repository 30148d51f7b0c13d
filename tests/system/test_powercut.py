# SPDX-License-Identifier: ISC
# tests/system/test_powercut.py - the power is cut, and every 250 holds.
#
# The disk is judged twice: bare, before a postern has touched it (every
# acknowledged message is at the sink, or has its rows and its body byte for
# byte), and by what arrives when the next postern has drained it.
#
# Starts early: it takes long.
"""Power cuts on file systems of their own (root)."""

import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Sink, check, wait_for  # noqa: E402
from powercut import CutSiege, make_disk, progress  # noqa: E402
from siege import Siege, check_spool, full, needs_root, say  # noqa: E402

SEED = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
SESSIONS = 8
LONGEST = 0.6  # seconds of load before a cut under load

KINDS = ["ext4", "xfs", "strict"]
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(name="folder")
def fixture_folder():
    """In memory where that is: a flush of its file costs nothing."""
    with tempfile.TemporaryDirectory(
            dir=os.environ.get("POSTERN_SCRATCH")) as made:
        yield made


class Tally:
    """Rounds so far, on the terminal; the figures at the end."""

    def __init__(self, capsys, what, rounds):
        self.capsys = capsys
        self.what = what
        self.rounds = rounds
        say(capsys, f"{what}: POSTERN_SEED={SEED}")

    def round(self, n):
        text = f"{self.what}: {n + 1} of {self.rounds} cuts"
        progress(text)
        if n % 20 == 19 and n + 1 < self.rounds:
            say(self.capsys, text)

    def end(self, verdict, kept):
        say(self.capsys, f"{self.what}: {self.rounds} cuts, "
            f"{verdict.acknowledged} acknowledged, {kept} of them in the "
            f"queue at a cut, {verdict.unknown} unknown, 0 lost, 0 altered, "
            f"{len(verdict.duplicates)} duplicates")


def finish(siege):
    """Drained, judged, stopped, nothing left."""
    siege.drain()
    verdict = siege.judge()
    assert siege.stop() == 0
    siege.disk.flush()
    check_spool(siege, orphans=10000)
    return verdict


def under_load(siege, dice):
    """A moment like any other of a busy server; some have a full queue."""
    if dice.random() < 0.5:
        siege.sink.hold()
    client = siege.begin(1000000, SESSIONS, retry=True, body=1000)
    wait_for(lambda: client.acknowledged() > 0, 60, "a first message")
    time.sleep(dice.uniform(0, LONGEST))
    siege.disk.cut()


@needs_root
@kinds
def test_cut_under_load(tmp_path, folder, capsys, kind):
    rounds, kept, dice = full(100, 2), 0, random.Random(SEED)
    tally = Tally(capsys, f"{kind}, under load", rounds)
    with make_disk(folder, kind) as disk, Sink(tmp_path) as sink:
        siege = CutSiege(tmp_path, sink, disk)
        try:
            siege.warm(full(300, 50))
            siege.start()
            for n in range(rounds):
                if n % 2:
                    disk.dice(SEED + n)
                under_load(siege, dice)
                siege.crash()
                kept += len(siege.judge_disk().queued)
                if sink.hold_file.exists():
                    sink.release()
                siege.start()
                siege.drain()
                siege.judge()
                tally.round(n)
            tally.end(finish(siege), kept)
        finally:
            siege.end()


@needs_root
@kinds
def test_cut_by_client(tmp_path, folder, capsys, kind):
    """The client itself, on receipt of its nth 250: nothing lies between."""
    rounds, kept, dice = full(100, 2), 0, random.Random(SEED)
    tally = Tally(capsys, f"{kind}, at the nth 250", rounds)
    with make_disk(folder, kind) as disk, Sink(tmp_path) as sink:
        siege = CutSiege(tmp_path, sink, disk)
        try:
            siege.warm(full(300, 50))
            siege.start()
            for n in range(rounds):
                sink.hold()
                if n % 2:
                    disk.dice(SEED + n)
                count = dice.randint(1, 12)
                siege.cut_by_client(count, body=dice.choice((100, 4000)),
                                    per_connection=dice.choice((1, 100)))
                siege.crash()
                verdict = siege.judge_disk()
                assert len(verdict.queued) == count
                kept += count
                sink.release()
                siege.start()
                siege.drain()
                tally.round(n)
            tally.end(finish(siege), kept)
        finally:
            siege.end()


@needs_root
@pytest.mark.parametrize("kind", full(KINDS, ["strict"]))
def test_first_day(tmp_path, folder, kind):
    """A new spool, and no more than one message was ever accepted."""
    with make_disk(folder, kind) as disk, Sink(tmp_path) as sink:
        siege = CutSiege(tmp_path, sink, disk)
        try:
            sink.hold()
            siege.spool.mkdir()
            disk.flush()
            siege.start()
            siege.cut_by_client(1)
            siege.crash()
            assert len(siege.judge_disk().queued) == 1
            sink.release()
            siege.start()
            finish(siege)
        finally:
            siege.end()


# --- a disk that breaks its word --------------------------------------------

def test_ids_that_come_again(tmp_path):
    """The database is older than the bodies: no name is used twice."""
    with Sink(tmp_path) as sink, Siege(tmp_path, sink) as p:
        p.send(5)
        p.drain()
        assert p.stop() == 0
        queue = p.spool / "queue"
        for name in ("queue.db", "queue.db-wal"):
            shutil.copy(queue / name, tmp_path / name)
        sink.hold()
        p.start()
        p.send(20, 5)
        p.kill()
        for name in ("queue.db", "queue.db-wal"):
            shutil.copyfile(tmp_path / name, queue / name)
        (queue / "queue.db-shm").unlink()
        sink.release()
        p.start()
        p.send(20, 5)
        assert not p.events("warning")
        p.drain()
        verdict = check([p.clients[-1].log], [sink.log])
        assert not verdict.lost and not verdict.altered, str(verdict)


# --- the test is tested -----------------------------------------------------

# ext4 and XFS write a new file's name with the file, whoever asks for the
# folder or not, so a queue that never syncs a folder loses nothing there.
# POSIX promises no such thing: that mutant is judged where only its promises
# hold (tests/lib/strictfs.py).
MUTANTS = [("body", "ext4"), ("body", "xfs"), ("body", "strict"),
           ("folder", "strict"),
           ("commit", "ext4"), ("commit", "xfs"), ("commit", "strict")]
QUICK_MUTANTS = [("body", "ext4"), ("folder", "strict"), ("commit", "xfs")]
FIRST_RED = 3  # the cut at which a mutant must have lost something


def lost_at(siege, n):
    """How many of n acknowledged messages a cut by the client costs."""
    siege.start()
    siege.sink.hold()
    client = siege.cut_by_client(n, body=4000)
    siege.crash()
    _, verdict = siege.found()
    siege.sink.release()
    return sum(i.startswith(client.prefix + "-") for i, _ in verdict.lost)


@needs_root
@pytest.mark.parametrize("mutant, kind", full(MUTANTS, QUICK_MUTANTS))
def test_mutant(tmp_path, folder, capsys, mutant, kind):
    """A queue without one of its syncs does not pass (tests/mutants)."""
    rounds, costs = full(20, FIRST_RED), []
    with make_disk(folder, kind) as disk, Sink(tmp_path) as sink:
        siege = CutSiege(tmp_path, sink, disk)
        try:
            siege.warm(30)
            siege.mutate(mutant)
            while len(costs) < rounds and (rounds > FIRST_RED
                                           or not any(costs)):
                costs.append(lost_at(siege, 1 + len(costs) % 5))
        finally:
            siege.end()
    red = [n for n, cost in enumerate(costs, 1) if cost]
    assert red and red[0] <= FIRST_RED, costs
    say(capsys, f"{kind}, no {mutant} sync: red from cut {red[0]} on, at "
        f"{len(red)} of {len(costs)} cuts, {sum(costs)} messages lost")
