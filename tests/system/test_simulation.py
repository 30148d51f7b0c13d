# SPDX-License-Identifier: ISC
# tests/system/test_simulation.py - histories of a queue in a made-up world
# (tests/sim): the shipped objects of queue/, and everything else under control.
#
# Starts early: it takes long.
"""Seeded histories of arrivals, failures, orders and restarts: what is
promised, clocks, windows, rates and turns hold in each of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import BUILD  # noqa: E402
from siege import full, say  # noqa: E402


def test_histories(tmp_path, capsys):
    n, jobs = full(10000, 20), full(os.cpu_count() or 1, 1)
    with capsys.disabled():  # it shows on a terminal how far it is
        running = [subprocess.Popen(
            [str(BUILD / "tests" / "simulate"), "-n", str(n // jobs),
             "-s", str(1 + i * (n // jobs)), "-d", str(tmp_path / str(i))],
            stdout=subprocess.PIPE, text=True) for i in range(jobs)]
        told = [process.communicate()[0] for process in running]
    assert all(process.returncode == 0 for process in running), told
    counts = [json.loads(text) for text in told]
    total = {key: sum(c[key] for c in counts) for key in counts[0]}
    say(capsys, ", ".join(f"{total[key]} {key.replace('_', ' ')}"
                          for key in total))
    # a world in which nothing happens proves nothing
    for key in total:
        assert total[key] > 0, key


@pytest.mark.parametrize("seed", [
    5256,  # a group that a worker still held hid when the next one was due
    3737,  # more than a minute from now, beside jobs, was forgotten for one
    20267,  # what expired gave back a rate that it had not spent
])
def test_found_before(tmp_path, seed):
    done = subprocess.run(
        [str(BUILD / "tests" / "simulate"), "-n", "1", "-s", str(seed),
         "-d", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
