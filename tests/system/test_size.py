# SPDX-License-Identifier: ISC
# tests/system/test_size.py - a million messages at the price of ten thousand.
#
# The spool is filled by the store's own code (build/tests/fill), since its
# size is what is tested and not the way into it.
#
# Starts early: it takes long.
"""Memory, start, listing, accepting and draining with a large queue."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from bigspool import has, stand  # noqa: E402
from harness import BUILD, Client, Sink, wait_for  # noqa: E402
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
         pytest.param(full(1000000, 3000), id="destinations")]


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


def to_the_last(postern, big, result):
    """Seconds from the final dot of the one message of that client until the
    sink had taken all of its recipients, by the clocks of the tools."""
    answered = int(big.log.read_text().split("\n")[0].split("\t")[3])
    taken = [int(line.split("\t")[3])
             for line in postern.sink.log.read_text().splitlines()
             if line.startswith(big.prefix)]
    return (max(taken) - answered + result.dot_us.max) / 1e6


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


@pytest.mark.parametrize("domains", [1, 1000])
def test_recipients(tmp_path, capsys, domains):
    """A list of 10,000: it goes out at once, and single mail passes it."""
    rcpts = full(10000, 3000)
    domains = min(domains, full(1000, 300))
    with stand(tmp_path, "limit recipients 20000") as postern:
        postern.start()
        alone = min(postern.fresh() for _ in range(5))
        postern.base = postern.sink.lines()
        begun = time.monotonic()
        big = postern.begin(1, rcpts=rcpts, domain="l%u.example",
                            domains=domains)
        beside = []
        while postern.sink.lines() < postern.base + rcpts + len(beside):
            assert time.monotonic() < begun + 60
            beside.append(postern.fresh())
        result = big.finish()
        assert result.acknowledged == 1
        seconds = to_the_last(postern, big, result)
        say(capsys, f"{rcpts} recipients in {domains} domains: all in "
            f"{seconds:.2f} s; a single message alone {alone * 1000:.0f} ms, "
            f"beside it {statistics.median(beside) * 1000:.0f}, at most "
            f"{max(beside) * 1000:.0f} ms")
        postern.wait_empty()
        verdict = postern.judge()
        assert verdict.acknowledged == rcpts + 5 + len(beside)
        assert not verdict.duplicates
        assert seconds < full(0.5, 20)
        assert max(beside) < full(0.25, 10)


def test_dead_and_slow(tmp_path, capsys):
    """Neither a dead destination nor a slow one, with all that waits for
    them, delays a fresh message to another one, nor a deferred one."""
    dead, slow = full(100000, 2000), full(10000, 300)
    with Sink(tmp_path, "-w", 10000, name="slow") as tarpit, \
            stand(tmp_path) as postern:
        rest = postern.conf.read_text().replace(
            "route any to mx", "route domain slow.test to host "
            f'"[127.0.0.1]" port {tarpit.port}\n'
            "route domain dead.test to host \"[127.0.0.1]\" port 9\n"
            "route any to mx")
        postern.write_conf(rest)
        postern.fill(dead, domain="dead.test", name="dead", h="[127.0.0.1]",
                     port=9)
        postern.fill(slow, domain="slow.test", name="slow", h="[127.0.0.1]",
                     port=tarpit.port)
        due = full(30, 4)
        begun = time.monotonic()
        postern.fill(20, domain="late.example", name="late", a=due)
        postern.start()
        postern.wait_event("asleep")
        wait_for(lambda: tarpit.held() or tarpit.lines() or
                 "slow" in postern.tool("queue"), 30, "the slow one")
        fresh = [postern.fresh() for _ in range(full(200, 20))]
        wait_for(lambda: has(postern.sink.log, "late-"), due + 30,
                 "deferred mail", poll=0.001)
        late = time.monotonic() - begun - due
        say(capsys, f"{dead} for a dead destination, {slow} for a slow one: "
            f"fresh mail in {statistics.median(fresh) * 1000:.0f} ms, at "
            f"most {max(fresh) * 1000:.0f}; deferred mail within "
            f"{late:.2f} s of its time")
        assert statistics.median(fresh) < full(0.1, 1)
        assert late < full(2, 10)
