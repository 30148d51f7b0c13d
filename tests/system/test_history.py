# SPDX-License-Identifier: ISC
# tests/system/test_history.py - what happened to messages, told afterwards.
"""history.db and the answers from it, with the whole suite."""

import json
import os
import re
import signal
import smtplib
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import (BUILD, ROOT, Client, Postern, Sink, free_port,  # noqa: E402
                     wait_for)
from scripted import FINE, Scripted, good  # noqa: E402

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


DOUBTS = ("SELECT address, host, ip FROM event WHERE kind = 'deferred' AND"
          " reply GLOB '451 * possible duplicate: *'")


def manual_sql():
    """The question of postern(1)."""
    page = (ROOT / "man/postern.1").read_text()
    return re.search(r'postern sql "(SELECT host.*?)"', page, re.S).group(1)


def test_possible_duplicates(tmp_path):
    """Lost behind the final dot: counted, and told in words, also after a
    restart."""
    ends = iter([None, None])
    with Scripted(good, dot=lambda peer: peer.answer(next(ends, FINE["dot"]))
                  ) as server:
        p = Postern(tmp_path, server.route())
        with p:
            assert Client(p, messages=2).run().acknowledged == 2
            p.wait_event("deferred", n=2)
            assert all("possible duplicate: connection lost" in line
                       for line in p.events("deferred"))
            wait_for(lambda: len(p.tool("sql", "--json", DOUBTS)
                                 .splitlines()) == 2, what="two of them")
            p.stop()
            p.start()
            rows = [json.loads(line) for line in
                    p.tool("sql", "--json", DOUBTS).splitlines()]
            assert [row["ip"] for row in rows] == ["127.0.0.1"] * 2
            (row,) = p.tool("sql", "--json", manual_sql()).splitlines()
            assert json.loads(row)["count(*)"] == 2
            p.tool("retry", "--all")
            p.wait_empty()
            assert len(server.bodies) == 4
            assert len(p.tool("sql", "--json", DOUBTS).splitlines()) == 2
            wait_for(lambda: "delivered" in p.tool("trace", "r0@example.org"),
                     what="the end of the story")
            assert "possible duplicate: connection lost" in p.tool(
                "trace", "r0@example.org")


@pytest.mark.parametrize("held, past", [("dot", True), ("data", False)])
def test_killed_behind_the_dot(tmp_path, held, past):
    """kill -9 of deliver: what nobody will ever read the reply to is a possible
    duplicate too, with the server that may have it; what was before its dot is
    none.  It is tried again at once."""
    free = threading.Event()

    def hold(_peer):
        free.wait(60)
        return FINE[held]

    with Scripted(good, **{held: hold}) as server, \
            Postern(tmp_path, "workers deliver 1\n" + server.route()) as p:
        assert Client(p, messages=1).run().acknowledged == 1
        wait_for(lambda: server.bodies if past else
                 "DATA" in server.verbs(), what="the server to have it")
        os.kill(p.child("deliver"), signal.SIGKILL)
        free.set()
        p.wait_empty()
        p.wait_event("delivered")
        said = p.events("deferred")
        assert len(said) == past
        wait_for(lambda: "delivered" in p.tool(
            "trace", "r0@example.org", check_status=False),
                 what="the end of the story")
        rows = [json.loads(line) for line in
                p.tool("sql", "--json", DOUBTS).splitlines()]
        assert [row["ip"] for row in rows] == ["127.0.0.1"] * past
        assert len(server.bodies) == 1 + past
        if past:
            assert "addr=127.0.0.1 " in said[0] and \
                "smtp=451 status=4.3.0 " in said[0]
            assert "possible duplicate: the delivering process was lost" in \
                p.tool("trace", "r0@example.org")


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
            postern.wait_empty(120)
            postern.wait_event("history-lost")
        finally:
            os.kill(pid, signal.SIGCONT)
        # nothing else happens that would bring the count along
        wait_for(lambda: ask(postern, "SELECT value FROM meta"
                             " WHERE key = 'lost'")[0][0] > 0,
                 120, "the count", poll=0.1)
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


# --- postern trace ----------------------------------------------------------

def trace(postern, *words):
    """The stories, once there are some."""
    def ask_for():
        text = postern.tool("trace", "--json", *words, check_status=False)
        return [json.loads(line) for line in text.splitlines()]
    return wait_for(ask_for, what=f"trace {words}", poll=0.2)


def wait_story(postern, word, *whats):
    """The one story, once these have happened."""
    def told():
        stories = trace(postern, word)
        found = [e["what"] for e in stories[0]["events"]]
        return stories[0] if found == list(whats) else None
    try:
        return wait_for(told, what=f"{word}: {whats}", poll=0.2)
    except AssertionError:
        raise AssertionError(trace(postern, word)) from None


def send(postern, *rcpts, sender="sender@client.example", mid="<m1@x>"):
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        smtp.sendmail(sender, list(rcpts),
                      f"Message-ID: {mid}\r\nSubject: x\r\n\r\nbody\r\n")


def test_trace_of_a_delivered_message(tmp_path):
    with Sink(tmp_path) as sink, Postern(tmp_path, sink.route()) as postern:
        send(postern, "one@d.example", "two@d.example")
        send(postern, "one@d.example", mid="<m2@x>")
        postern.wait_empty()
        story = wait_story(postern, "<m1@x>", "delivered", "delivered")
        assert story["sender"] == "sender@client.example"
        assert story["message_id"] == "<m1@x>"
        assert story["client"] == "127.0.0.1" and story["uid"] is None
        assert story["size"] > 0 and story["queued"] == []
        assert [r["address"] for r in story["recipients"]] == [
            "one@d.example", "two@d.example"]
        for event in story["events"]:
            assert event["text"].startswith("250 2.")
            assert event["server"] == "[127.0.0.1]"
        assert trace(postern, story["id"]) == [story]
        assert trace(postern, "m1@x") == [story]
        assert trace(postern, "TWO@D.example") == [story]
        both = trace(postern, "one@d.example")
        assert sorted(s["message_id"] for s in both) == ["<m1@x>", "<m2@x>"]
        assert both[0]["id"] > both[1]["id"]
        assert trace(postern, "sender@client.example") == both
        assert trace(postern, "--limit", "1", "one@d.example") == both[:1]
        assert trace(postern, "one@d.example", "--since", "1h") == both
        text = postern.tool("trace", story["id"])
        assert "accepted   from 127.0.0.1" in text
        assert "delivered  one@d.example by [127.0.0.1]: 250" in text


def test_trace_while_it_waits_and_of_what_was_removed(tmp_path):
    port = free_port()
    with Postern(tmp_path, f'route any to host "[127.0.0.1]" port {port}\n'
                 ) as postern:
        send(postern, "late@d.example")
        postern.wait_event("deferred")
        story = wait_story(postern, "late@d.example", "deferred")
        assert story["queued"][0]["address"] == "late@d.example"
        assert story["queued"][0]["state"] == "waiting"
        assert "next try in" in postern.tool("trace", story["id"])
        postern.tool("hold", story["id"])
        postern.tool("remove", story["id"])
        story = wait_story(postern, story["id"], "deferred", "held",
                           "removed")
        assert story["queued"] == []
        assert story["events"][2]["uid"] == os.geteuid()


def test_trace_of_a_bounced_message_and_its_notice(tmp_path):
    with Sink(tmp_path, "-x", "bad@") as sink, \
            Postern(tmp_path, sink.route()) as postern:
        send(postern, "bad@d.example")
        postern.wait_empty()
        story = wait_story(postern, "bad@d.example", "bounced", "notified")
        assert story["events"][0]["text"].startswith("550 5.")
        notice = wait_story(postern, story["events"][1]["notice"],
                            "delivered")
        assert notice["about"] == story["id"] and notice["sender"] == ""
        assert notice["recipients"][0]["address"] == "sender@client.example"


def test_wrong_questions(tmp_path):
    with Postern(tmp_path) as postern:
        for words, text in [
                (["nobody@d.example"], "no message that matches"),
                (["zzzzzzz"], "no message that matches"),
                (["not an id"], "not a message id"),
                ([], "please"),
                (["a@b", "c@d"], "unknown argument: c@d"),
                (["--since", "soon", "a@b"], "not soon"),
                (["--limit", "0", "a@b"], "not 0"),
                (["--colour", "a@b"], "unknown argument: --colour"),
                (["x" * 600 + "@b"], "too long")]:
            done = subprocess.run(
                [BUILD / "postern", "-s", postern.control, "trace", *words],
                capture_output=True, text=True, check=False)
            assert done.returncode == 64 and done.stdout == "", words
            assert text in done.stderr, words


def test_without_history_the_queue_answers(tmp_path):
    port = free_port()
    with Postern(tmp_path, f'route any to host "[127.0.0.1]" port {port}\n'
                 "history off\n") as postern:
        send(postern, "late@d.example")
        postern.wait_event("deferred")
        row = postern.queue()[0]
        story = trace(postern, row["id"])[0]
        assert story["sender"] == "sender@client.example"
        assert story["queued"][0]["address"] == "late@d.example"


@pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")
def test_others_see_nothing(tmp_path):
    os.chmod(tmp_path, 0o755)
    for folder in list(tmp_path.parents)[:2]:
        os.chmod(folder, 0o755)
    with Sink(tmp_path) as sink, Postern(tmp_path, sink.route()) as postern:
        env = {**os.environ,
               "POSTERN_SUBMIT": str(postern.runtime / "submit")}
        subprocess.run(["setpriv", "--reuid=40001", "--regid=40001",
                        "--clear-groups", BUILD / "sendmail", "-f",
                        "mine@h.example", "to@d.example"],
                       input="Subject: x\n\nbody\n", text=True, check=True,
                       env=env)
        send(postern, "to@d.example")
        postern.wait_empty()
        wait_for(lambda: len(trace(postern, "to@d.example")) == 2,
                 what="both", poll=0.2)
        mine = trace(postern, "mine@h.example")[0]
        other = trace(postern, "sender@client.example")[0]

        def as_user(uid, *words):
            return subprocess.run(
                ["setpriv", f"--reuid={uid}", f"--regid={uid}",
                 "--clear-groups", BUILD / "postern", "-s", postern.control,
                 "trace", "--json", *words],
                capture_output=True, text=True, check=False)
        seen = as_user(40001, "to@d.example")
        assert [json.loads(line)["id"] for line in
                seen.stdout.splitlines()] == [mine["id"]]
        assert as_user(40001, other["id"]).returncode == 77
        assert as_user(40001, "sender@client.example").returncode == 64
        assert as_user(40002, "to@d.example").returncode == 64
        assert as_user(40002, mine["id"]).returncode == 77
