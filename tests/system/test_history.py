# SPDX-License-Identifier: ISC
# tests/system/test_history.py - what happened to messages, told afterwards.
"""history.db and the answers from it, with the whole suite."""

import os
import signal
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import (Client, Postern, Sink, free_port,  # noqa: E402
                     wait_for)

DELIVERED, DEFERRED, BOUNCED, REMOVED, HELD, RELEASED = range(1, 7)
NOTIFIED = 8


def ask(postern, sql, *values):
    """Rows of history.db, as far as they are committed."""
    path = postern.spool / "history/history.db"
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return db.execute(sql, values).fetchall()
    finally:
        db.close()


def wait_rows(postern, sql, want):
    try:
        wait_for(lambda: ask(postern, sql) == want, what=sql, poll=0.1)
    except AssertionError:
        raise AssertionError((sql, ask(postern, sql), want)) from None


def test_each_message_and_recipient_once(tmp_path):
    with Sink(tmp_path) as sink, Postern(tmp_path, sink.route()) as postern:
        client = Client(postern, messages=200, sessions=10, rcpts=3)
        assert client.run().acknowledged == 200
        postern.wait_empty()
        wait_rows(postern, f"SELECT count(*), count(DISTINCT message) FROM"
                  f" recipient WHERE fate = {DELIVERED}"
                  f" AND reply LIKE '250 %' AND addr = '127.0.0.1'",
                  [(600, 200)])
        assert ask(postern, "SELECT count(*) FROM message") == [(200,)]
        assert ask(postern, "SELECT count(*) FROM event") == [(0,)]
        assert ask(postern, "SELECT value FROM meta WHERE key = 'lost'") == [
            (0,)]


def test_deferred_removed(tmp_path):
    port = free_port()
    with Postern(tmp_path, f'route any to host "[127.0.0.1]" port {port}\n'
                 ) as postern:
        assert Client(postern, messages=1).run().acknowledged == 1
        postern.wait_event("deferred")
        wait_rows(postern, "SELECT kind, count FROM event", [(DEFERRED, 1)])
        text = ask(postern, "SELECT reply FROM event")[0][0]
        assert text.startswith("4")
        ids = [row["id"] for row in postern.queue()]
        postern.tool("hold", *ids)
        postern.tool("remove", *ids)
        wait_rows(postern, "SELECT kind FROM event ORDER BY seq",
                  [(DEFERRED,), (HELD,), (REMOVED,)])
        assert ask(postern, "SELECT fate FROM recipient") == [(REMOVED,)]
        assert ask(postern, "SELECT uid FROM event WHERE kind = 4") == [
            (os.geteuid(),)]


def test_survives_the_death_of_its_writer(tmp_path):
    with Sink(tmp_path) as sink, Postern(tmp_path, sink.route()) as postern:
        assert Client(postern, messages=20).run().acknowledged == 20
        wait_rows(postern, "SELECT count(*) FROM message", [(20,)])
        for _ in (1, 2):
            pid = postern.child("history")
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: postern.children().get("history") not in
                     (None, [pid]), what="the next one")
            # the next one may miss what comes before it has its channel
            def arrives():
                Client(postern, messages=1).run()
                return ask(postern, "SELECT count(*) FROM message")[0][0] > 20
            wait_for(arrives, what="a message in the history", poll=0.5)
        assert ask(postern, "PRAGMA integrity_check") == [("ok",)]


def test_stopped_history_delays_nothing_and_drops_are_counted(tmp_path):
    """More than fits into the buffers between queue and history."""
    with Sink(tmp_path) as sink, Postern(tmp_path, sink.route()) as postern:
        postern.wait_event("ready")
        pid = postern.child("history")
        os.kill(pid, signal.SIGSTOP)
        try:
            clients = [Client(postern, messages=40, rcpts=200, sessions=4)
                       for _ in range(2)]
            for client in clients:
                assert client.run().acknowledged == 40
            postern.wait_empty()
            postern.wait_event("history-lost")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert Client(postern, messages=1).run().acknowledged
        wait_for(lambda: ask(postern, "SELECT value FROM meta"
                             " WHERE key = 'lost'")[0][0] > 0,
                 what="the count", poll=0.1)
        known = ask(postern, "SELECT count(*) FROM recipient"
                    " WHERE fate IS NOT NULL")[0][0]
        lost = ask(postern, "SELECT value FROM meta WHERE key = 'lost'")[0][0]
        # each frame is there or counted: a message, a recipient, its end
        told = (ask(postern, "SELECT count(*) FROM message")[0][0] + known)
        assert told + lost >= 2 * 40 * 200
        assert postern.child("history") == pid


def test_off(tmp_path):
    with Sink(tmp_path) as sink, \
            Postern(tmp_path, sink.route() + "\nhistory off") as postern:
        assert Client(postern, messages=5).run().acknowledged == 5
        postern.wait_empty()
        assert "history" not in postern.children()
        assert not list((postern.spool / "history").iterdir())
        assert not postern.events("history-lost")
