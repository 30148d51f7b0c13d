# SPDX-License-Identifier: ISC
# tests/system/test_slowdisk.py - an fsync that does not come back, or fails.
#
# DESIGN: a batch older than 2 s stops new bodies, one older than 120 s
# answers 451 to the waiting and abandons their commits.  Time is queue's
# own, moved by the library of tests/fault; make proof waits in earnest too.
"""A hanging disk, and one that says no."""

import errno
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from faults import (FOREVER, HANG, PATHS, Fault, Stage)  # noqa: E402
from harness import wait_for  # noqa: E402
from siege import PROOF, Talk  # noqa: E402

SECOND = 1000


@pytest.fixture(name="stage")
def make_stage(tmp_path):
    with Stage(tmp_path) as stage:
        stage.fresh = []
        yield stage


def hang(stage, nth=1):
    """From the nth on no fsync comes back."""
    stage.plan.arm(Fault("fsync", nth, action=HANG, last=FOREVER))


def wait_hanging(stage):
    wait_for(lambda: stage.plan.get("hits") > 0, what="a hanging fsync")


def at_mail(stage):
    with Talk(stage.postern) as talk:
        return talk.ask("MAIL FROM:<a@client.example>")


def wait_mail(stage, begins):
    wait_for(lambda: at_mail(stage).startswith(begins),
             what=f"{begins} at MAIL")


def all_is_well(stage, refused):
    """The disk is back: new mail passes; what was refused never arrives."""
    stage.plan.disarm()
    wait_mail(stage, "250 ")
    assert stage.send(retry=True).acknowledged == 1
    stage.until(stage.gone, "an empty queue")
    verdict = stage.judge()
    assert verdict.refused >= refused
    assert not verdict.repeated, "refused, and delivered all the same"
    assert not verdict.duplicates
    assert stage.plan.get("starts") == 1, "queue lives on"
    stage.close_and_check()


# the first fsync is that of the body, the last that of the transaction
@pytest.mark.parametrize("nth", (1, 2, 3))
def test_abandoned_after_two_minutes(stage, nth):
    assert stage.send(retry=True).acknowledged == 1
    wait_for(stage.gone, what="a delivery")
    hang(stage, nth)
    waiting = [stage.send(settle=False) for _ in range(3)]
    wait_hanging(stage)
    early = Talk(stage.postern)  # past MAIL when the disk begins to hang
    early.envelope()
    stage.plan.jump(3 * SECOND)
    wait_mail(stage, "452 4.3.2")
    # one that came to MAIL no sooner was refused as well, and has ended
    assert any(c.process.poll() is None for c in waiting) or nth > 1
    stage.plan.jump(110 * SECOND)
    with early:
        early.say("DATA\r\n")
        assert early.hear().startswith("354 ")
        early.say("Subject: late\r\n\r\nlate\r\n.\r\n")
        stage.plan.jump(10 * SECOND)
        assert early.hear().startswith("451 4.3.2")
    results = [c.finish(60) for c in waiting]
    refused = sum(r.refused for r in results)
    # with a later fsync the first of them may have got through
    assert refused + sum(r.acknowledged for r in results) == 3
    assert refused >= (3 if nth == 1 else 1)
    stage.postern.wait_event("abandoned")
    all_is_well(stage, refused)


def test_results_wait_for_the_disk(stage):
    """What was delivered while the disk hangs is not delivered again."""
    stage.sink.hold()
    assert stage.send(retry=True).acknowledged == 1
    wait_for(lambda: stage.sink.held() > 0, what="a dot at the sink")
    hang(stage)
    stage.sink.release()
    stage.sink.wait(2)
    wait_hanging(stage)
    stage.plan.jump(130 * SECOND)
    wait_mail(stage, "452 ")
    all_is_well(stage, 0)


if PROOF:
    def test_in_real_time(stage):
        assert stage.send(retry=True).acknowledged == 1
        wait_for(stage.gone, what="a delivery")
        hang(stage)
        began = time.monotonic()
        client = stage.send(settle=False)
        wait_hanging(stage)
        wait_for(lambda: at_mail(stage).startswith("452 "), 10, "452 at MAIL")
        result = client.finish(150)
        assert (result.acknowledged, result.refused) == (0, 1)
        assert 119 < time.monotonic() - began < 135
        stage.postern.wait_event("abandoned")
        all_is_well(stage, 1)


# --- a disk that says no ----------------------------------------------------

def first_that(stage, true_of, nths):
    """Fails these fsyncs of an acceptance in turn, until one ends so: the
    body's is the first, unless files for smtpd are made beside it."""
    for nth in nths:
        outcome = stage.round(PATHS["accept"],
                              Fault("fsync", nth, error=errno.EIO))
        if outcome.hits and true_of(outcome):
            return outcome
    raise AssertionError("no fsync failed so")


def test_failed_fsync_of_a_body(stage):
    """451 and a new file; queue lives on, and asks for a moment of rest."""
    outcome = first_that(stage, lambda o: o.verdict.refused, [1] * 5)
    assert outcome.deaths == 0
    line = stage.postern.wait_event("overload")[0]
    assert "level=3 was=0 cause=disk " in line
    wait_mail(stage, "250 ")
    assert "level=0 was=3 " in stage.postern.events("overload")[-1]
    assert stage.round(PATHS["accept"], Fault("fsync")).verdict.messages == 1
    stage.close_and_check()


def test_failed_commit(stage):
    """Nobody knows what is on disk: queue ends, the next one reads it."""
    first_that(stage, lambda o: o.deaths == 1, (2, 3, 2, 3))
    assert "commit" in stage.postern.events("fatal")[0]
    assert stage.round(PATHS["accept"], Fault("fsync")).verdict.messages == 1
    stage.close_and_check()
