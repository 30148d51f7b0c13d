# SPDX-License-Identifier: ISC
# tests/system/test_orders.py - orders about mail that is on its way.
"""postern remove, hold and bounce beside deliveries under way."""

import os
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import BUILD, Postern, Sink, wait_for  # noqa: E402

SENDER = "sender@client.example"


def send(postern, *rcpts, sender=SENDER):
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        smtp.sendmail(sender, list(rcpts), "Subject: x\r\n\r\nbody\r\n")


def order(postern, *words):
    """Its exit status, and all that it said."""
    done = subprocess.run(
        [str(BUILD / "postern"), "-s", str(postern.control), *words],
        capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("verb", ["remove", "hold", "bounce"])
def test_what_a_worker_of_a_dead_queue_holds(tmp_path, verb):
    """Past its final dot it may have arrived: it stays until that is told."""
    with Sink(tmp_path, hold=True) as sink, \
            Postern(tmp_path, sink.route()) as p:
        send(p, "a@example.org")
        wait_for(lambda: sink.held() == 1, what="its final dot")
        os.kill(p.child("queue"), signal.SIGKILL)
        p.wait_event("held-by-worker")
        word, = [row["id"] for row in p.queue()]
        code, said = order(p, verb, word)
        assert code == os.EX_TEMPFAIL and "being delivered" in said, said
        assert [row["id"] for row in p.queue()] == [word]
        sink.release()
        p.wait_empty()
        assert sink.lines() == 1


def ask_until_heard(postern, *words):
    """A tool whose order queue has, answered or not."""
    while True:
        tool = subprocess.Popen(
            [str(BUILD / "postern"), "-s", str(postern.control), *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            said, _ = tool.communicate(timeout=0.5)
        except subprocess.TimeoutExpired:
            return tool
        if "postern-queue" not in said:  # "is not running", "went away"
            raise AssertionError(f"answered at once: {said}")


def test_at_once_after_queue_died(tmp_path):
    """An order waits until queue knows what workers hold for a dead one."""
    with Sink(tmp_path, hold=True) as sink, \
            Postern(tmp_path, "workers deliver 1\n" + sink.route()) as p:
        send(p, "a@example.org")
        wait_for(lambda: sink.held() == 1, what="its final dot")
        word, = [row["id"] for row in p.queue()]
        worker = p.child("deliver")
        os.kill(worker, signal.SIGSTOP)
        try:
            os.kill(p.child("queue"), signal.SIGKILL)
            tool = ask_until_heard(p, "remove", word)
        finally:
            os.kill(worker, signal.SIGCONT)
        said, _ = tool.communicate(timeout=60)
        p.wait_event("held-by-worker")
        assert tool.returncode == os.EX_TEMPFAIL, said
        assert "being delivered" in said
        sink.release()
        p.wait_empty()
        assert sink.lines() == 1
