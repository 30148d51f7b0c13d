# SPDX-License-Identifier: ISC
# tests/system/test_size.py - a million messages at the price of ten thousand.
#
# The spool is filled by the store's own code (build/tests/fill), since its
# size is what is tested and not the way into it.
"""Memory, start, listing, accepting and draining with a large queue."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from bigspool import stand  # noqa: E402
from harness import BUILD, Client, wait_for  # noqa: E402
from siege import PROOF, full, say  # noqa: E402

ASAN = "asan" in str(BUILD)
HOUR = 3600
MIB = 1024  # KiB
def run_tool(postern, words, lines=None):
    """Seconds of a command line's life, and how many lines it wrote; closed
    after that many."""
    begun = time.monotonic()
    p = subprocess.Popen([str(BUILD / "postern"), "-s",
                          str(postern.control), *words],
                         stdout=subprocess.PIPE)
    n = 0
    for piece in iter(lambda: os.read(p.stdout.fileno(), 1 << 20), b""):
        n += piece.count(b"\n")
        if lines is not None and n >= lines:
            break
    p.stdout.close()
    assert p.wait(60) == 0
    return time.monotonic() - begun, n


def accept_rate(postern, count):
    client = Client(postern, messages=count, sessions=20, domain="fresh.test")
    result = client.run()
    assert result.acknowledged == count
    postern.clients.append(client)
    wait_for(lambda: postern.sink.lines() >= postern.base + count, 120,
             "fresh messages at the sink")
    postern.base += count
    return result.rate


SIZES = [pytest.param(full(20000, 200), id="domains"),
         pytest.param(full(1000000, 5000), id="destinations")]


@pytest.mark.parametrize("domains", SIZES)
def test_asleep(tmp_path, capsys, domains):
    """Deferred mail that is not due costs next to nothing."""
    few, many = 10000 if PROOF else 500, full(1000000, 10000)
    with stand(tmp_path) as postern:
        postern.fill(few, min(domains, few), a=HOUR, name="few")
        postern.start()
        postern.base = 0
        accept_rate(postern, full(3000, 200))
        rate_few = accept_rate(postern, full(10000, 500))
        memory_few = postern.memory()
        postern.stop()
        seconds = postern.fill(many - few, domains, a=HOUR, name="many")
        say(capsys, f"{many} messages, {domains} destinations, filled in "
            f"{seconds:.1f} s")
        begun = time.monotonic()
        postern.start()
        first = time.monotonic() - begun
        first += postern.fresh()
        postern.base += 1
        accept_rate(postern, full(3000, 200))
        rate_many = accept_rate(postern, full(10000, 500))
        memory_many = postern.memory()
        head, _ = run_tool(postern, ["queue"], 11)
        whole, lines = run_tool(postern, ["queue"])
        assert lines >= 2 * many
        as_json, lines = run_tool(postern, ["queue", "--json"])
        assert lines == many
        figures(capsys, memory_few, memory_many)
        say(capsys, f"start to first delivery {first:.3f} s; queue | head "
            f"{head:.3f} s, all {whole:.2f} s, --json {as_json:.2f} s; "
            f"accepts {rate_few:.0f}/s with {few}, {rate_many:.0f}/s")
        grown = memory_many["queue"] - memory_few["queue"]
        assert ASAN or grown < 10 * MIB
        assert ASAN or sum(memory_many.values()) < 200 * MIB
        assert first < full(1, 5)
        assert head < full(0.1, 2)
        assert whole < full(3, 10)
        assert not PROOF or rate_many > 0.9 * rate_few


def figures(capsys, few, many):
    for name in many:
        say(capsys, f"{name} {few.get(name, 0)} -> {many[name]} KiB")
    say(capsys, f"all {sum(few.values())} -> {sum(many.values())} KiB")


@pytest.mark.parametrize("domains", SIZES)
def test_due(tmp_path, capsys, domains):
    """All of it is due at once: it drains, in bounded memory, and fresh
    mail goes on."""
    many = full(1000000, 10000)
    with stand(tmp_path) as postern:
        postern.fill(many, domains, name="due")
        begun = time.monotonic()
        postern.start()
        wait_for(lambda: postern.sink.lines() > 0, 30, "the first delivery",
                 poll=0.001)
        first = time.monotonic() - begun
        most = {}
        begun = time.monotonic()
        limit = full(60, 60)
        while postern.sink.lines() < many and \
                time.monotonic() < begun + limit:
            most = max(most, postern.memory(), key=lambda m: sum(m.values()))
            time.sleep(0.2)
        drained, seconds = postern.sink.lines(), time.monotonic() - begun
        figures(capsys, {}, most)
        say(capsys, f"first after {first:.3f} s; {drained} of {many} in "
            f"{seconds:.1f} s: {drained / seconds:.0f}/s")
        assert first < full(1, 5)
        assert ASAN or sum(most.values()) < 200 * MIB
        assert PROOF or drained >= many
