# SPDX-License-Identifier: ISC
# tests/system/test_faults.py - the Nth call of a kind fails in queue.
#
# One path each: a message is accepted, delivered, deferred, given up; a
# queue takes over from one that was killed; a queue begins on an empty
# spool.  N goes from 1 until nothing was struck.  After each: what the
# client had a 250 for is delivered, or its sender was told; nothing is
# altered; no row without a body; nothing is stuck.
#
# Starts early: it takes long.
"""Failing writes, fsyncs, opens, renames, SQLite steps and allocations."""

import errno
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from faults import (FULL, IOERR, NOMEM, PATHS, Fault, Stage,  # noqa: E402
                    dice_for, pick_points)
from harness import BUILD, wait_for  # noqa: E402
from siege import full, say  # noqa: E402

ERRORS = {
    "write": (errno.ENOSPC, errno.EIO),
    "fsync": (errno.EIO, errno.ENOSPC),
    "open": (errno.EMFILE, errno.EIO, errno.ENOSPC),
    "rename": (errno.EIO,),
    "step": (IOERR, FULL, NOMEM),
    "malloc": (errno.ENOMEM,),
    "read": (errno.EIO,),
}
if "asan" in str(BUILD):
    del ERRORS["malloc"]  # it has its own
# only the first start renames; what SQLite has in memory it does not read
PERHAPS = ("rename", "read")
FIRST = full(("rename", "write", "fsync", "open"), ("rename", "fsync"))


@pytest.mark.parametrize("name", PATHS)
def test_sweep(tmp_path, capsys, name):
    dice = dice_for(capsys)
    with Stage(tmp_path, PATHS[name].conf(tmp_path)) as stage:
        for kind, errors in ERRORS.items():
            points = stage.sweep(PATHS[name], kind, dice, errors=errors,
                                 sample=full(None, 1))
            assert points or kind in PERHAPS, kind
            if points:
                say(capsys, f"{name}, {kind}: {points} points")
        stage.close_and_check()
        say(capsys, f"{name}: {stage}")


@pytest.mark.parametrize("kind", FIRST)
def test_first_start(tmp_path, capsys, kind):
    """The first queue on an empty spool fails; the second begins anew."""
    dice = dice_for(capsys)
    errors = ERRORS[kind]

    def start(nth, error=0):
        with Stage(tmp_path / str(nth), fault=Fault(kind, nth, error=error)) \
                as stage:
            count, hits = stage.plan.disarm()
            stage.fresh = []
            assert stage.send(retry=True).acknowledged == 1
            wait_for(stage.gone, what="a delivery")
            stage.judge()
            stage.close_and_check()
        return count, hits

    count, _ = start(0)
    points = pick_points(count, full(None, 1), dice)
    # files for smtpd are opened beside the end of the start
    struck = sum(start(nth, errors[i % len(errors)])[1]
                 for i, nth in enumerate(points))
    assert kind == "open" or struck == len(points)
    say(capsys, f"first start, {kind}: {count} points, {struck} struck")
