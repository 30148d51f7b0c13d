# SPDX-License-Identifier: ISC
# tests/system/test_powercut_replay.py - cuts between any two flushes.
#
# Every write and every flush below a file system is recorded; then the disk
# is shown as it was at the end of each flush, which is all that a cut before
# the end of the next one must leave.  Clocks are the machine's: a message
# whose 250 was read before that, or that had not yet arrived at the sink when
# the flush ended, must be there.
"""Recorded disks (root): btrfs, whose power cannot be cut, and others."""

import os
import random
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Sink, check  # noqa: E402
from powercut import CutSiege, Found, progress  # noqa: E402
from replay import RecordedDisk  # noqa: E402
from siege import check_spool, full, needs_root, say  # noqa: E402

SEED = int(os.environ.get("POSTERN_SEED", random.randrange(1 << 30)))
FEW = 6  # points looked at in a quick run


class Work:
    """One run on a recorded disk: what its ends have seen, and when."""

    def __init__(self, siege, clients):
        self.client_lines = [line for c in clients
                             for line in c.log.read_text().splitlines()]
        self.acknowledged, self.arrived = {}, {}
        for line in self.client_lines:
            if line[0] not in "?!":
                words = line.split("\t")
                self.acknowledged[words[0]] = int(words[3])
        for line in siege.sink.log.read_text().splitlines():
            words = line.split("\t")
            self.arrived[words[0]] = int(words[3])

    def due(self, point, torn):
        """The messages that a cut there may not cost."""
        gone = point.until if torn else point.at
        return {i for i, at in self.acknowledged.items() if at < point.until
                and not self.arrived.get(i, point.until) < gone}

    def log_at(self, path, due):
        """The clients' log, as if they had known no more."""
        with open(path, "w", encoding="utf-8") as f:
            for line in self.client_lines:
                ident = line.split("\t")[0].split(" ")[0].lstrip("?!")
                f.write(f"{line if ident in due else '?' + ident}\n")
        return path


def work(disk, tmp_path, dice, mutant=None):
    """One workload on the recorder, cut off when it is done."""
    tmp_path.mkdir()
    held = mutant is not None or dice.random() < full(0.3, 1)
    sessions, messages = dice.randint(1, full(3, 1)), dice.randint(
        2, full(8, 2))
    with Sink(tmp_path) as sink:
        siege = CutSiege(tmp_path, sink, disk)
        try:
            siege.warm(20)
            if mutant is not None:
                siege.mutate(mutant)
            disk.record()
            if held:
                sink.hold()
            siege.start()
            siege.send(messages, sessions,
                       body=dice.choice((100, 4000, 70000)),
                       per_connection=dice.choice((1, 100)))
            if not held:
                siege.wait_empty()
            points = disk.points(disk.stop(siege.kill))
            return Work(siege, siege.clients[1:]), points
        finally:
            siege.end()


def missing_at(work_done, disk, scratch, point, torn):
    """On the bare disk: what is wrong there, what is not there."""
    found = Found(disk.path / "spool", scratch)
    due = work_done.due(point, torn)
    there = {line.split(" ")[0] for line in found.queued}
    return found.wrong, sorted(due - there)


def drained_at(work_done, disk, scratch, due):
    """A postern on that disk delivers what is due, as it was sent."""
    log = work_done.log_at(Path(scratch) / "client-at.log", due)
    with Sink(scratch) as sink, CutSiege(scratch, sink, disk) as siege:
        siege.start()
        siege.drain()
        assert siege.stop() == 0
        verdict = check([log], [sink.log])
        assert verdict.ok, str(verdict)
        check_spool(siege, orphans=10000)


def judge(disk, folder, points, work_done, dice):
    """All points, or a few of them; how many states, how many messages due."""
    states, checked = 0, 0
    for point, torn in disk.replay(points, full(None, FEW),
                                   full(dice, None)):
        with tempfile.TemporaryDirectory(dir=folder) as here:
            wrong, missing = missing_at(work_done, disk, here, point, torn)
            assert not wrong, (point.number, torn, wrong)
            assert not missing, (point.number, torn, missing)
            due = work_done.due(point, torn)
            if not torn and full(True, point is points[-1]):
                drained_at(work_done, disk, here, due)
        states, checked = states + 1, checked + len(due)
        progress(f"{disk.kind}: {point.number + 1} of {len(points)} points of "
                 "a workload")
    return states, checked


@pytest.fixture(name="folder")
def fixture_folder():
    with tempfile.TemporaryDirectory(
            dir=os.environ.get("POSTERN_SCRATCH")) as made:
        yield Path(made)


@needs_root
@pytest.mark.parametrize("kind", full(["btrfs", "ext4", "xfs"], ["btrfs"]))
def test_every_flush(tmp_path, folder, capsys, kind):
    rounds, states, checked = full(20 if kind == "btrfs" else 4, 1), 0, 0
    say(capsys, f"{kind}: POSTERN_SEED={SEED}")
    for n in range(rounds):
        dice = random.Random(SEED + n)
        below = folder / str(n)
        below.mkdir()
        with RecordedDisk(below, kind) as disk:
            done, points = work(disk, tmp_path / str(n), dice)
            here = judge(disk, below, points, done, dice)
        states, checked = states + here[0], checked + here[1]
        say(capsys, f"{kind}: {n + 1} of {rounds} workloads, {states} states "
            f"of the disk, {checked} times a message that was due was there")
    assert checked > 0


@needs_root
@pytest.mark.parametrize("mutant", full(["body", "commit"], ["commit"]))
def test_mutant(tmp_path, folder, capsys, mutant):
    """The recorder sees what a queue leaves out (tests/mutants)."""
    with RecordedDisk(folder, "btrfs") as disk:
        dice = random.Random(SEED)
        done, points = work(disk, tmp_path / "work", dice, mutant)
        red, looked = [], 0
        for point, torn in disk.replay(points, full(None, 2)):
            _, missing = missing_at(done, disk, tmp_path, point, torn)
            red += [point.number] if missing else []
            looked += 1
    say(capsys, f"btrfs, no {mutant} sync: {len(red)} of {looked} states of "
        "the disk lack a message")
    assert red
