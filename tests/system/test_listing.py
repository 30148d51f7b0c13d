# SPDX-License-Identifier: ISC
# tests/system/test_listing.py - postern queue: filters, counts, the summary.
#
# postern-report alone, on a queue.db that is filled by hand; what it answers
# is compared with what the filter means, worked out here.
"""Which messages, and how many to where."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from siege import full  # noqa: E402
from toolstand import Database, Stand  # noqa: E402

HOUR = 3600 * 1000


@pytest.fixture
def stand(tmp_path):
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        os.chmod(folder, 0o755)
    database = Database(tmp_path)
    database.fill(30, sender="a@x.example", error="451 busy")
    database.fill(20, start=30, sender="B@Y.example", uid=40001,
                  error="450 Connection refused")
    database.fill(1, start=50, sender="", rcpts=3, error="450 slow")
    now = int(time.time() * 1000)
    db = database.db
    db.execute("INSERT INTO destination(id, transport, host, port, suspended,"
               " suspend_reason, error) VALUES(2, 1, 'e.example', 25,"
               " 9223372036854775807, 'because', 'gone')")
    db.execute("UPDATE message SET received = ? WHERE id % 2 = 0",
               (now - 3 * HOUR,))
    db.execute("UPDATE grp SET state = 4, destination = 2"
               " WHERE message % 5 = 0")
    db.execute("UPDATE recipient SET address = 'odd@z.example', original ="
               " 'was@z.example' WHERE message % 10 = 1 AND n = 0")
    with Stand(tmp_path) as stand:
        stand.database = database
        yield stand
    database.close()


FILTERS = [
    ((), "1"),
    (("--sender", "a@X.example"), "sender = 'a@x.example'"),
    (("--sender", "@y.example"), "sender = 'B@Y.example'"),
    (("--sender", "<>"), "sender = ''"),
    (("--age", "+2h"), "id % 2 = 0"),
    (("--age", "-2h"), "id % 2 = 1"),
    (("--age", "9h"), "0"),
    (("--state", "held"), "id % 5 = 0"),
    (("--state", "waiting"), "id % 5 != 0"),
    (("--error", "REFUSED"), "sender = 'B@Y.example'"),
    (("--recipient", "odd@z.example"), "id % 10 = 1"),
    (("--recipient", "was@z.example"), "id % 10 = 1"),
    (("--recipient", "@z.example"), "id % 10 = 1"),
    (("--domain", "Z.example"), "id % 10 = 1"),
    (("--recipient", "r2@d.example"), "sender = ''"),
    (("--sender", "a@x.example", "--age", "+2h", "--state", "held"),
     "sender = 'a@x.example' AND id % 10 = 0"),
]


@pytest.mark.parametrize("words, where", FILTERS)
def test_filters(stand, words, where):
    done = stand.tool("queue", "--json", *words)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    want = stand.database.db.execute(
        "SELECT sum(size), count(*) FROM message"
        f" WHERE {where}").fetchone()
    assert (sum(r["size"] for r in rows) or None, len(rows)) == want
    senders = [s for (s,) in stand.database.db.execute(
        f"SELECT sender FROM message WHERE {where} ORDER BY id")]
    assert [r["sender"] for r in rows] == senders
    # all recipients are told, not only those that matched
    assert all(len(r["recipients"]) == (3 if r["sender"] == "" else 1)
               for r in rows)
    count = json.loads(stand.tool("queue", "--count", "--json",
                                  *words).stdout)
    assert count == {"messages": want[1], "bytes": want[0] or 0}


def test_words_for_people(stand):
    assert stand.tool("queue", "--count", "--age", "9h").stdout == (
        "0 messages, 0 bytes\n")
    assert stand.tool("queue", "--age", "9h").stdout == "No message matches.\n"
    assert stand.tool("queue", "--state", "held").stdout.count("\n") > 10


@pytest.mark.parametrize("words, text", [
    (("--sender", "x"), "--sender takes"), (("--sender",), "--sender takes"),
    (("--age", "old"), "--age takes"), (("--state", "odd"), "--state takes"),
    (("--domain", "a@b"), "--domain takes"), (("--error", ""), "--error takes"),
    (("--recipient", "b"), "--recipient takes"),
    (("--colour", "red"), "unknown argument: --colour"),
    (("--sort", "colour"), "--sort takes age, size"),
    (("--sort",), "--sort takes age, size"),
    (("--limit", "0"), "--limit takes"), (("--limit",), "--limit takes"),
    (("--sort", "age", "--count"), "for a list"),
    (("--summary", "--limit", "3"), "for a list"),
    (("--summary", "--count"), "whole queue"),
    (("--summary", "--age", "2h"), "whole queue")])
def test_wrong_filters(stand, words, text):
    done = stand.tool("queue", *words)
    assert done.returncode == 64 and done.stdout == ""
    assert text in done.stderr


def summary(stand, **more):
    return [json.loads(line) for line in stand.tool(
        "queue", "--summary", "--json", **more).stdout.splitlines()]


def rows(stand, *words):
    done = stand.tool("queue", "--json", *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


KEYS = {
    "age": lambda r: r["received"],
    "size": lambda r: r["size"],
    "attempts": lambda r: max(x["attempts"] for x in r["recipients"]),
    "sender": lambda r: r["sender"].lower(),
    "recipient": lambda r: r["recipients"][0]["address"].lower(),
    "destination": lambda r: r["recipients"][0]["destination"],
    "next": lambda r: ("9" if r["recipients"][0]["state"] == "held" else
                       r["recipients"][0]["next_try"] or ""),
}


@pytest.mark.parametrize("key", KEYS)
def test_sorted(stand, key):
    stand.database.db.execute(
        "UPDATE message SET size = (id * 7919) % 100")
    stand.database.db.execute(
        "UPDATE grp SET attempts = (message * 31) % 7,"
        " next_try = next_try + (message * 7919) % 100 * 1000")
    plain = rows(stand)
    assert len(plain) == 51
    got = rows(stand, "--sort", key)
    assert got == sorted(plain, key=KEYS[key])  # stable as well
    assert rows(stand, "--sort", key, "--reverse") == got[::-1]
    assert rows(stand, "--sort", key, "--limit", "7") == got[:7]
    assert rows(stand, "--sort", key, "--sender", "@y.example") == [
        r for r in got if r["sender"] == "B@Y.example"]


def test_first_ones(stand):
    plain = rows(stand)
    assert rows(stand, "--limit", "7") == plain[:7]
    assert rows(stand, "--reverse", "--limit", "1") == rows(
        stand, "--reverse")[:1]


def test_sorted_table(stand):
    lines = stand.tool("queue", "--sort", "size", "--reverse",
                       "--limit", "3").stdout.splitlines()
    assert lines[0].startswith("ID ")
    assert len([line for line in lines[1:-1] if line[0] != " "]) == 3


def test_summary(stand):
    rows = summary(stand)
    assert [(r["messages"], r["destination"]) for r in rows] == [
        (41, "mx d.example port 25"), (10, "mx e.example port 25")]
    assert rows[1]["suspended"] == "forever"
    assert rows[1]["reason"] == "because" and rows[1]["error"] == "gone"
    assert rows[0]["suspended"] is None and rows[0]["not_before"] is None
    assert all(r["oldest"] < time.strftime(
        "%Y-%m-%dT%H:%M", time.gmtime(time.time() - 2 * 3600))
        for r in rows)
    text = stand.tool("queue", "--summary").stdout.splitlines()
    assert text[1].split()[:3] == ["41", "3h", "open"]
    assert text[2].split()[2] == "suspended" and text[3] == "    because"
    assert text[-1] == "2 destinations"


@pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")
def test_a_user_counts_his_own(stand):
    assert sum(r["messages"] for r in summary(stand, uid=40001)) == 20
    assert summary(stand, uid=40002) == []
    done = stand.tool("queue", "--count", uid=40001)
    assert done.stdout.startswith("20 messages")
    assert stand.tool("queue", "--count", "--sender", "a@x.example",
                      uid=40001).stdout.startswith("0 messages")


def test_many_destinations_in_slices(tmp_path):
    """More groups than one slice looks at, more places than it tells."""
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        os.chmod(folder, 0o755)
    n = full(100000, 10000)
    database = Database(tmp_path).fill(n)
    db = database.db
    db.execute("BEGIN")
    db.executemany("INSERT INTO destination(id, transport, host, port)"
                   " VALUES(?, 1, ?, 25)",
                   ((i, f"h{i}.example") for i in range(10, 1010)))
    db.execute("UPDATE grp SET destination = 10 + message % 1000")
    db.execute("COMMIT")
    with Stand(tmp_path) as stand:
        rows = summary(stand)
        assert len(rows) == len({r["destination"] for r in rows}) == 1000
        assert {r["messages"] for r in rows} == {n // 1000}
        one = stand.tool("queue", "--count", "--recipient", "r0@d.example")
        assert one.stdout.startswith(f"{n} messages")
    database.close()
