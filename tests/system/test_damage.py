# SPDX-License-Identifier: ISC
# tests/system/test_damage.py - rows, bodies and files that cannot be.
#
# A disk or a hand has altered the spool of a stopped postern.  What is
# damaged is named and set aside; everything else arrives.
"""Damage to queue.db and to the bodies, all kinds at once."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from bigspool import stand  # noqa: E402
from harness import BUILD, wait_for  # noqa: E402
from toolstand import print_id  # noqa: E402

EACH = 20  # messages between two damaged ones are sound
WORD = "quarantined: "


def sql(*statements):
    def damage(spool, ident):
        for text in statements:
            spool.db.execute(text.format(id=ident))
    return damage


def text(column, value):
    """A recipient's or message's column becomes these bytes, as text."""
    table, _, name = column.partition(".")
    key = "id" if table == "message" else "message"
    return sql(f"UPDATE {table} SET {name} = CAST(x'{value.hex()}' AS TEXT)"
               f" WHERE {key} = {{id}}")


def body(change):
    def damage(spool, ident):
        change(spool.body(ident))
    return damage


def replaced(make):
    def change(path):
        path.unlink()
        make(path)
    return body(change)


DAMAGE = {  # what is done, and what is said
    "sender": (text("message.sender", b"nobody"), "sender"),
    "sender has a NUL": (text("message.sender", b"a@b.example\0@c"), "NUL"),
    "long address": (text("recipient.address", b"a" * 999 + b"@d0.example"),
                     "recipient"),
    "NUL in address": (text("recipient.address", b"r@d0.example\0.test"),
                       "NUL"),
    "line end in address": (text("recipient.address",
                                 b"r@d0.example\r\nDATA"), "recipient"),
    "no recipients": (sql("DELETE FROM recipient WHERE message = {id}"),
                      "no recipients"),
    "no message": (sql("DELETE FROM message WHERE id = {id}"),
                   "no such message"),
    "attempts": (sql("UPDATE grp SET attempts = 'many' WHERE message = {id}"),
                 "number"),
    "size": (sql("UPDATE message SET size = -5 WHERE id = {id}"), "number"),
    "class": (sql("UPDATE message SET class = 9 WHERE id = {id}"), "class"),
    "client": (text("message.client", b"somewhere"), "client"),
    "long error": (text("grp.error", b"x" * 5000), "error"),
    "long helo": (text("message.helo", b"x" * 5000), "helo"),
    "no body": (body(os.unlink), "missing"),
    "short body": (body(lambda path: os.truncate(path, 100)), "shorter"),
    "link": (replaced(lambda path: path.symlink_to("/etc/passwd")), "opened"),
    "pipe": (replaced(os.mkfifo), "not a file"),
    "folder": (replaced(os.mkdir), "not a file"),
}


class Spool:
    """The spool of a stopped postern, open for damage."""

    def __init__(self, postern):
        self.queue = postern.spool / "queue"
        self.db = sqlite3.connect(self.queue / "queue.db",
                                  isolation_level=None)
        self.ids = [row[0] for row in self.db.execute(
            "SELECT id FROM message ORDER BY id")]
        self.owner = os.stat(self.queue / "queue.db")

    def body(self, ident):
        return self.queue / "mess" / str(ident // 10000) / print_id(ident)

    def close(self):
        self.db.close()
        for path in self.queue.glob("queue.db*"):
            os.chown(path, self.owner.st_uid, self.owner.st_gid)


def held(postern):
    """{id: error} of what is held, but for what has no message row."""
    return {row["id"]: row["recipients"][0]["error"]
            for row in postern.queue() if row["recipients"] and
            all(r["state"] == "held" for r in row["recipients"])}


def set_aside(spool_path):
    """{message: error} of the rows that are held."""
    db = sqlite3.connect(f"file:{spool_path}/queue/queue.db?mode=ro",
                         uri=True)
    try:
        return dict(db.execute("SELECT message, error FROM grp"
                               " WHERE state = 4"))
    finally:
        db.close()


def test_rows_and_bodies(tmp_path):
    with stand(tmp_path) as postern:
        postern.fill(EACH * len(DAMAGE), 3)
        spool = Spool(postern)
        damaged = dict(zip(spool.ids[::EACH], DAMAGE))
        for ident, name in damaged.items():
            DAMAGE[name][0](spool, ident)
        saved = spool.body(spool.ids[1]).read_bytes()
        spool.close()
        postern.start()
        sound = len(spool.ids) - len(damaged)
        postern.sink.wait(sound)
        wait_for(lambda: len(set_aside(postern.spool)) == len(damaged),
                 what="all damage to be set aside")
        for ident, error in set_aside(postern.spool).items():
            assert error.startswith(WORD), (damaged[ident], error)
            assert DAMAGE[damaged[ident]][1] in error, damaged[ident]
        assert len(postern.events("quarantined")) == len(damaged)
        postern.send(20, domain="d0.example")
        postern.sink.wait(sound + 20)
        assert postern.sink.lines() == sound + 20
        assert set(held(postern)) <= {print_id(i) for i in damaged}
        mend(postern, spool, damaged, saved)


def mend(postern, spool, damaged, saved):
    """What is repaired goes on when it is released, and only that."""
    by_name = {name: ident for ident, name in damaged.items()}
    short = by_name["short body"]
    before = postern.sink.lines()
    spool.body(short).write_bytes(saved)
    postern.tool("release", print_id(short))
    postern.sink.wait(before + 1)
    postern.tool("release", print_id(by_name["long address"]))
    postern.tool("release", print_id(by_name["link"]))
    wait_for(lambda: len(postern.events("quarantined")) == len(damaged) + 2,
             what="damage that is still there")
    wait_for(lambda: len(set_aside(postern.spool)) == len(damaged) - 1,
             what="all of it to be held again")
    assert postern.sink.lines() == before + 1


def test_destination(tmp_path):
    """A destination's row that cannot be: its mail is held, and finds its
    way when it is released."""
    with stand(tmp_path) as postern:
        postern.fill(30, 3)
        spool = Spool(postern)
        spool.db.execute("UPDATE destination SET transport = 9"
                         " WHERE host = 'd1.example'")
        spool.close()
        postern.start()
        postern.sink.wait(20)
        wait_for(lambda: len(held(postern)) == 10, what="held mail")
        assert postern.events("bad-destination")
        assert all("destination" in error for error in
                   held(postern).values())
        postern.tool("release", *held(postern))
        postern.sink.wait(30)
        assert postern.judge_filled().ok


def findings(postern, *words):
    """(exit status, [what postern check says])"""
    done = subprocess.run(
        [str(BUILD / "postern"), "-s", str(postern.control), "check",
         "--json", *words], capture_output=True, text=True, timeout=60,
        check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, [json.loads(line)
                             for line in done.stdout.splitlines()]


def test_check(tmp_path):
    """Nothing is wrong; then what nobody else would meet is named, and mail
    goes on."""
    with stand(tmp_path) as postern:
        postern.fill(60, 3, a=3600)
        postern.start()
        assert findings(postern, "--full") == (0, [])
        postern.stop()
        spool = Spool(postern)
        ids = [print_id(i) for i in spool.ids]
        state, away, lost, short, alone = spool.ids[:5]
        spool.db.execute(f"UPDATE grp SET state = 9 WHERE message = {state}")
        spool.db.execute("UPDATE grp SET destination = 777"
                         f" WHERE message = {away}")
        os.unlink(spool.body(lost))
        os.truncate(spool.body(short), 10)
        spool.db.execute(f"DELETE FROM grp WHERE message = {alone}")
        names = strange(spool)
        spool.close()
        postern.start()
        wait_for(lambda: len(postern.events("quarantined")) == 2,
                 what="rows that nobody would read")
        status, found = findings(postern, "--full")
        assert status == 1
        said = {(f["kind"], f.get("id") or f["name"]) for f in found}
        assert said == {
            ("quarantined", ids[0]), ("quarantined", ids[1]),
            ("body", ids[2]), ("body", ids[3]), ("row", ids[4])
        } | {("foreign", name) for name in names}, found
        # the recipients of what lost its delivery are named too
        assert [f["text"] for f in found if f.get("id") == ids[4]] == [
            "none of its deliveries is left",
            "a recipient belongs to no delivery"]
        postern.send(20, domain="d0.example")
        postern.sink.wait(20)
        for name in names:
            assert os.path.lexists(spool.queue / name), name


def strange(spool):
    """Things of somebody else; their names from the queue's folder on."""
    shard = f"mess/{spool.ids[0] // 10000}"
    os.mkfifo(spool.queue / shard / "pipe")
    (spool.queue / shard / "note").write_text("to myself")
    (spool.queue / shard / "\x1b[31mred").write_text("")
    (spool.queue / "mess/folder").mkdir()
    (spool.queue / "mess/007").symlink_to("/etc")
    (spool.queue / "mess/README").write_text("keep out")
    (spool.queue / "dead.letter").write_text("from a shell")
    return [f"{shard}/pipe", f"{shard}/note", f"{shard}/\x1b[31mred",
            "mess/folder", "mess/007", "mess/README", "dead.letter"]


def test_orphans(tmp_path):
    """The database is lost: bodies are kept for a week and named."""
    with stand(tmp_path) as postern:
        postern.fill(12)
        for path in (postern.spool / "queue").glob("queue.db*"):
            path.unlink()
        files = sorted((postern.spool / "queue/mess").glob("*/*"))
        old = time.time() - 8 * 86400
        os.utime(files[0], (old, old))
        postern.start()
        wait_for(lambda: not files[0].exists(), what="the oldest to go")
        status, found = findings(postern)
        assert status == 1 and {f["kind"] for f in found} == {"orphan"}
        assert {f"mess/{p.parent.name}/{p.name}" for p in files[1:]} <= {
            f["name"] for f in found}
        assert all("removed in 7 days" in f["text"] for f in found), found
        assert postern.sink.lines() == 0


def test_check_is_for_operators(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("skipped: root")
    with stand(tmp_path) as postern:
        postern.start()
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             str(BUILD / "postern"), "-s", str(postern.control), "check"],
            capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 77 and "postern" in done.stderr, done


def child_pages(data, size, root):
    """Pages right below that root of a B-tree, in order."""
    at = (root - 1) * size
    start = at + (100 if root == 1 else 0)
    assert data[start] in (2, 5), "the root has no children"
    cells = int.from_bytes(data[start + 3:start + 5], "big")
    pointers = [int.from_bytes(data[start + 12 + 2 * i:start + 14 + 2 * i],
                               "big") for i in range(cells)]
    pages = [int.from_bytes(data[at + p:at + p + 4], "big")
             for p in pointers]
    return pages + [int.from_bytes(data[start + 8:start + 12], "big")]


def test_page(tmp_path):
    """A page of queue.db is overwritten: what stands on it is held or waits,
    all other mail arrives, and new mail is taken."""
    with stand(tmp_path) as postern:
        postern.fill(600, 3)
        spool = Spool(postern)
        spool.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = spool.db.execute("PRAGMA page_size").fetchone()[0]
        root = spool.db.execute("SELECT rootpage FROM sqlite_master"
                                " WHERE name = 'recipient'").fetchone()[0]
        spool.close()
        path = postern.spool / "queue/queue.db"
        data = bytearray(path.read_bytes())
        page = child_pages(data, size, root)[1]
        data[(page - 1) * size:page * size] = b"\xff" * size
        path.write_bytes(data)
        postern.start()
        postern.wait_event("quarantined")
        postern.send(50, domain="d0.example")
        wait_for(lambda: postern.sink.lines() +
                 len(set_aside(postern.spool)) == 650,
                 what="all to be delivered or held")
        verdict = postern.judge_filled()
        assert not verdict.duplicates and not verdict.altered
        # on the page, and held
        assert 0 < len(verdict.lost) == len(set_aside(postern.spool)) < 150
        status, found = findings(postern, "--full")
        assert status == 1 and "database" in {f["kind"] for f in found}
        assert postern.process.poll() is None
        assert not postern.events("fatal")
