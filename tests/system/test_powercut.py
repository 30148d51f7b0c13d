# SPDX-License-Identifier: ISC
# tests/system/test_powercut.py - the power is cut, and every 250 holds.
#
# The disk is judged twice: bare, before a postern has touched it (every
# acknowledged message is at the sink, or has its rows and its body byte for
# byte), and by what arrives when the next postern has drained it.
"""Power cuts on file systems of their own (root)."""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Sink, wait_for  # noqa: E402
from powercut import CutDisk, CutSiege  # noqa: E402
from siege import check_spool, full, needs_root, say  # noqa: E402

SEED = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
SESSIONS = 8
LONGEST = 0.6  # seconds of load before a cut under load

kinds = pytest.mark.parametrize("kind", ["ext4", "xfs"])


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
        if n % 20 == 19 and n + 1 < self.rounds:
            say(self.capsys, f"{self.what}: {n + 1} of {self.rounds} cuts")

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
    client = siege.begin(1000000, SESSIONS, retry=True, body=2000)
    wait_for(lambda: client.acknowledged() > 0, 60, "a first message")
    time.sleep(dice.uniform(0, LONGEST))
    siege.disk.cut()


@needs_root
@kinds
def test_cut_under_load(tmp_path, folder, capsys, kind):
    rounds, kept, dice = full(100, 2), 0, random.Random(SEED)
    tally = Tally(capsys, f"{kind}, under load", rounds)
    with CutDisk(folder, kind) as disk, Sink(tmp_path) as sink:
        siege = CutSiege(tmp_path, sink, disk)
        try:
            siege.warm()
            siege.start()
            for n in range(rounds):
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
    rounds, kept, dice = full(100, 3), 0, random.Random(SEED)
    tally = Tally(capsys, f"{kind}, at the nth 250", rounds)
    with CutDisk(folder, kind) as disk, Sink(tmp_path) as sink:
        siege = CutSiege(tmp_path, sink, disk)
        try:
            siege.warm()
            siege.start()
            for n in range(rounds):
                sink.hold()
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
