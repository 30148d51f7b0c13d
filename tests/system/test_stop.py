# SPDX-License-Identifier: ISC
# tests/system/test_stop.py - processes that stand still, and the clean end.
#
# Starts early: it takes long.
"""Each process stopped for a while under load; SIGTERM under load."""

import signal
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import children_of, stop_process, wait_for  # noqa: E402
from siege import (NamedSink, Siege, Talk, check_spool,  # noqa: E402
                   full, kill, say, wait_gone)

CONF = "workers smtpd 2\nworkers deliver 2"
PAUSE = full(30, 3)  # seconds
SESSIONS = 10

# What goes on while it stands still: mail comes in, mail goes out.
STILL = [
    (("posternd", 0), True, True),
    (("queue", 0), False, False),
    (("report", 0), True, True),
    (("history", 0), True, True),
    (("resolve", 0), True, False),
    (("deliver", 0), True, True),
    (("deliver", 1), True, True),
    (("smtpd", 0), True, True),
    (("smtpd", 1), True, True),
    (("smtpd-local", 0), True, True),
]


def stand_still(postern, pid, comes_in, goes_out):
    """What must go on goes on, in the whole time.

    New clients come, since all of the old ones may have their sessions in
    the process that stands still.
    """
    kill(pid, sig=signal.SIGSTOP)
    try:
        if comes_in:
            postern.begin(10000000, SESSIONS, retry=True)
        end = time.monotonic() + PAUSE
        while time.monotonic() < end:
            if comes_in:
                postern.accepts(20, PAUSE + 10)
            if goes_out:
                postern.delivers(20, PAUSE + 10)
            time.sleep(0.1)
    finally:
        kill(pid, sig=signal.SIGCONT)


@pytest.mark.parametrize("place, comes_in, goes_out", STILL,
                         ids=lambda p: f"{p[0]}-{p[1]}" if
                         isinstance(p, tuple) else None)
def test_stopped(tmp_path, capsys, place, comes_in, goes_out):
    """No deadlock, nobody killed for it, nothing lost or doubled."""
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        postern.load(SESSIONS)
        before = postern.workers()
        before["posternd", 0] = postern.pid
        began = postern.settled(), sink.lines()
        stand_still(postern, before[place], comes_in, goes_out)
        during = postern.settled() - began[0], sink.lines() - began[1]
        postern.progress(100)
        with Talk(postern) as talk:
            talk.envelope()
            assert talk.body().startswith("250 ")
        postern.stop_load()
        hints = postern.drain()
        verdict = postern.judge()
        say(capsys, f"{place[0]}/{place[1]} stopped for {PAUSE} s: {during[0]}"
            f" in, {during[1]} out meanwhile; {len(verdict.duplicates)} "
            f"duplicates, {hints} hints")
        after = postern.workers()
        after["posternd", 0] = postern.pid
        assert after == before
        assert not verdict.duplicates
        assert postern.stop() == 0
        check_spool(postern)


def test_sigterm_under_load(tmp_path, capsys):
    """Ended in bounded time, begun again, nothing lost or doubled."""
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        postern.load(20)
        longest = 0
        for _ in range(full(10, 3)):
            children = children_of(postern.pid)
            began = time.monotonic()
            assert stop_process(postern.process, timeout=15) == 0
            longest = max(longest, time.monotonic() - began)
            wait_gone(children, 0.1)
            postern.start(40)
            postern.progress(100)
        postern.stop_load()
        hints = postern.drain()
        verdict = postern.judge()
        say(capsys, f"SIGTERM under load: ended in {longest:.2f} s at most; "
            f"{verdict.acknowledged} acknowledged, "
            f"{len(verdict.duplicates)} duplicates, {hints} hints")
        assert not verdict.duplicates and not verdict.repeated
        assert postern.stop() == 0
        check_spool(postern)


def test_sigterm_waits_for_dots(tmp_path):
    """Deliveries past the dot get the time to hear their 250."""
    with NamedSink(tmp_path) as sink, Siege(tmp_path, sink, CONF) as postern:
        sink.hold()
        postern.send(5, 5)
        wait_for(lambda: sink.held() >= 2, what="two at their dots")
        held = sink.held()
        postern.process.send_signal(signal.SIGTERM)
        postern.wait_event("stopping")
        sink.release()
        assert postern.process.wait(15) == 0
        # more than those, if queue heard of a 250 before it heard of the end
        done = sink.lines()
        assert len(postern.events("delivered")) == done >= held
        check_spool(postern, rows=5 - done)
        postern.start()
        postern.drain()
        assert not postern.judge().duplicates
        assert sink.lines() == 5
