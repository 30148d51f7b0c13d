# SPDX-License-Identifier: ISC
# tests/system/test_explain_worker.py - jobs without a message, as a deliver
# worker has them from queue.
"""What a worker answers to MSG_PROBE, and whom it does not believe."""

import struct
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import worker as w  # noqa: E402
from harness import wait_for  # noqa: E402
from scripted import Hangup, Scripted, good  # noqa: E402

PROBE = 226
WAY, HOST, SERVER, TLSA, SESSION, END = range(231, 237)


class Prober(w.Worker):
    """Its answers, by their numbers."""

    told = ()

    def probe(self, host, port, transport=w.MX, connect=0):
        self.told = []
        self.queue.send(PROBE, struct.pack("<BBH", connect, transport, port) +
                        w.text(host), conv=self.queue.open())

    def on_queue(self, number, conv, theirs, data):
        if WAY <= number <= END:
            self.told.append(number)
        else:
            super().on_queue(number, conv, theirs, data)

    def answer_to(self, *words, **more):
        self.probe(*words, **more)
        self.until(lambda: END in self.told, what="an answer")
        return self.told


def silent(peer):
    while peer.sock.recv(4096):
        pass
    raise Hangup


def test_answers(tmp_path):
    mx = {"x.example": [(10, "a.x.example"), (20, "b.x.example")]}
    hosts = {"a.x.example": ["203.0.113.1"], "b.x.example": ["203.0.113.2"]}
    with Scripted(good) as server, Prober(tmp_path, mx=mx,
                                          hosts=hosts) as worker:
        assert worker.answer_to("x.example", 25) == [
            WAY, HOST, HOST, SERVER, SERVER, END]
        assert worker.answer_to("none.example", 25) == [WAY, END]
        assert worker.answer_to("[127.0.0.1]", 25) == [WAY, SERVER, END]
        assert worker.answer_to("[127.0.0.1]", server.port, transport=w.HOST,
                                connect=1) == [WAY, SERVER, SESSION, END]
        wait_for(lambda: server.verbs() == ["EHLO", "QUIT"],
                 what="EHLO and QUIT alone")
        # and mail goes as ever
        assert worker.job("[127.0.0.1]", server.port).wait().status() == (
            2, 250, "2.0.0")


@pytest.mark.parametrize("words", [
    ("x.example", 25, 9), ("x.example", 0, w.MX), ("", 25, w.MX),
    ("x.example", 25, 3), ("/run/lmtp", 24, w.LMTP)])
def test_unsound(tmp_path, words):
    with Prober(tmp_path) as worker:
        worker.probe(*words)
        worker.until(lambda: worker.broken is not None, what="a broken rule")
        assert worker.alive()


def test_queue_is_lost(tmp_path):
    """The question goes with it, and its connection."""
    with Scripted(silent) as server, Prober(tmp_path) as worker:
        worker.probe("[127.0.0.1]", server.port, transport=w.HOST, connect=1)
        worker.until(lambda: server.open, what="a connection")
        worker.lose_queue()
        wait_for(lambda: (worker.step(), not server.open)[1],
                 what="the end of it")
        worker.new_queue()
        assert worker.answer_to("[127.0.0.1]", 25)[-1] == END
        assert worker.held == []
