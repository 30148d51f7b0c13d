# SPDX-License-Identifier: ISC
# tests/system/test_killpoints.py - queue dies at every call that others see.
#
# A stop point in each: open that makes a file, write, fsync, rename, unlink,
# mkdir, ftruncate, sendmsg.  In place of the Nth such call on the path the
# process ends, as by kill -9; posternd starts the next one, and what was
# acknowledged arrives once.
"""Deaths of queue while it accepts, expands, delivers, defers, gives up, recovers."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from faults import DIE, PATHS, POINTS_ALL, Stage, dice_for  # noqa: E402
from siege import full, say  # noqa: E402

QUICK = {"accept": 3, "expand": 3, "deliver": 3, "defer": 1, "bounce": 3, "order": 2,
         "recover": 2}


@pytest.mark.parametrize("name", PATHS)
def test_deaths(tmp_path, capsys, name):
    dice = dice_for(capsys)
    with Stage(tmp_path, PATHS[name].conf(tmp_path)) as stage:
        points = stage.sweep(PATHS[name], "change", dice, action=DIE,
                             sample=full(None, QUICK[name]))
        assert points > 0
        assert stage.totals["deaths"] >= full(min(points, POINTS_ALL) // 2, 1)
        assert stage.totals["deaths"] == stage.totals["hits"]
        stage.close_and_check()
        say(capsys, f"{name}: {points} points; {stage}")
