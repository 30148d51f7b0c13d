# SPDX-License-Identifier: ISC
# tests/system/test_sql.py - postern sql: what it answers, what it refuses.
"""Questions in SQL to a live suite."""

import json
import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import (BUILD, Client, Postern, Sink, free_port,  # noqa: E402
                     is_alive, wait_for)
from siege import full  # noqa: E402
from toolstand import FIRST_ID, print_id  # noqa: E402

ENDLESS = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
           " SELECT sum(n) FROM c")
LARGE = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)"
         " SELECT n, printf('%.100000c', 'x') AS t FROM c")


class Suite:
    """A suite with 30 messages delivered and 12 that wait."""

    def __init__(self, place):
        os.chmod(place, 0o755)
        self.sink = Sink(place)
        dead = free_port()
        self.postern = Postern(
            place, 'route domain dead.example to host "[127.0.0.1]" port '
            f"{dead}\n{self.sink.route()}")
        client = Client(self.postern, messages=30, rcpts=2,
                        domain="well.example", sender="a@x.example")
        assert client.run().acknowledged == 30
        client = Client(self.postern, messages=12, domain="dead.example",
                        sender="b@y.example")
        assert client.run().acknowledged == 12
        wait_for(lambda: len(self.postern.queue()) == 12 and all(
            r["recipients"][0]["state"] == "waiting"
            for r in self.postern.queue()), what="12 deferred")
        # history hears of all this later
        wait_for(lambda: self.rows(
            "SELECT count(*) FILTER (WHERE kind = 'received') AS r, count(*)"
            " FILTER (WHERE kind = 'delivered') AS d, count(*) FILTER (WHERE"
            " kind = 'deferred') > 0 AS l FROM event") == [
                {"r": 42, "d": 60, "l": 1}], what="the history", poll=0.1)

    def ask(self, text, *words, user=None):
        argv = [str(BUILD / "postern"), "-s", str(self.postern.control),
                "sql", *words, text]
        if user is not None:
            argv = ["setpriv", f"--reuid={user}", f"--regid={user}",
                    "--clear-groups", *argv]
        return subprocess.run(argv, capture_output=True, text=True,
                              timeout=60, check=False)

    def start(self, text, *words):
        return subprocess.Popen(
            [str(BUILD / "postern"), "-s", str(self.postern.control), "sql",
             *words, text], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)

    def occupy(self, text):
        """Both readers at work on it."""
        wait_for(lambda: not self.opened(), what="idle readers")
        asking = []
        for n in (1, 2):
            asking.append(self.start(text))
            wait_for(lambda: len(self.opened()) == n, what="a reader at work")
        return asking

    def opened(self):
        """The readers that have a database open: those at work."""
        return [pid for pid in self.postern.children()["reader"]
                if any(".db" in name for name in files_of(pid))]

    def rows(self, text):
        done = self.ask(text, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def one(self, text):
        """The only value of the only row."""
        (row,) = self.rows(text)
        (value,) = row.values()
        return value

    def close(self):
        assert self.postern.stop() == 0
        self.sink.stop()


@pytest.fixture(scope="module", name="suite")
def running(tmp_path_factory):
    place = tmp_path_factory.mktemp("sql")
    for folder in list(place.parents)[:2]:
        os.chmod(folder, 0o755)
    made = Suite(place)
    yield made
    made.close()


# --- what it answers ---------------------------------------------------------

COLUMNS = {
    "message": "id name received size uid sender client helo message_id envid"
               " login",
    "recipient": "message name address original state destination attempts"
                 " next_try error",
    "destination": "id transport host port not_before failures error"
                   " suspended reason",
    "event": "message name at kind sender address count reply host ip uid"
             " related tls",
}


@pytest.mark.parametrize("view", COLUMNS)
def test_columns(suite, view):
    """They are as the manual says, and the manual has them all."""
    row = suite.rows(f"SELECT * FROM {view} LIMIT 1")[0]
    assert list(row) == COLUMNS[view].split()
    manual = (Path(__file__).parents[2] / "man/postern-spool.5").read_text()
    part = manual.split(f".It Sy {view} Pq view\n")[1].split(".It Sy")[0]
    part = part.split(".El\n")[0]
    named = [line.split()[2] for line in part.splitlines()
             if line.startswith(".It Va ")]
    assert named == list(row)


def test_what_waits(suite):
    assert suite.one("SELECT count(*) FROM message") == 12
    assert suite.one("SELECT count(*) FROM recipient WHERE state ="
                     " 'waiting'") == 12
    assert suite.rows("SELECT domain(address) AS d, count(*) AS n FROM"
                      " recipient GROUP BY d") == [
                          {"d": "dead.example", "n": 12}]
    names = {r["id"] for r in suite.postern.queue()}
    rows = suite.rows("SELECT name, id_text(id) AS t, id_number(name) = id"
                      " AS same, sender, typeof(received) AS r FROM message")
    assert {r["name"] for r in rows} == names
    assert all(r["t"] == r["name"] and r["same"] == 1 and r["r"] == "integer"
               and r["sender"] == "b@y.example" for r in rows)
    (row,) = suite.rows(
        "SELECT d.host, d.transport, count(*) AS n, min(r.next_try) >"
        " min(m.received) AS later, r.error LIKE '4%' AS e FROM recipient r"
        " JOIN message m ON m.id = r.message"
        " JOIN destination d ON d.id = r.destination GROUP BY d.id")
    assert row == {"host": "[127.0.0.1]", "transport": "host", "n": 12,
                   "later": 1, "e": 1}


def test_what_happened(suite):
    rows = suite.rows("SELECT kind, sender, count(*) AS n, count(DISTINCT"
                      " message) AS m FROM event WHERE kind IN ('received',"
                      " 'delivered') GROUP BY kind, sender ORDER BY 1, 2")
    assert rows == [
        {"kind": "delivered", "sender": "a@x.example", "n": 60, "m": 30},
        {"kind": "received", "sender": "a@x.example", "n": 30, "m": 30},
        {"kind": "received", "sender": "b@y.example", "n": 12, "m": 12}]
    assert suite.one("SELECT count(*) > 0 FROM event WHERE kind = 'deferred'"
                     " AND address LIKE '%@dead.example'") == 1
    assert suite.one("SELECT count(*) FROM event WHERE kind = 'delivered' AND"
                     " reply LIKE '250 %' AND ip = '127.0.0.1'") == 60


FINE = [
    ("SELECT 1 AS x, NULL AS n, 'ä' AS t, x'00ff' AS b, 1.5 AS r, 9e999 AS i",
     {"x": 1, "n": None, "t": "ä", "b": "00ff", "r": 1.5, "i": float("inf")}),
    ("SELECT 1 AS a, 2 AS a", {"a": 1, "a:2": 2}),
    ("SELECT 'a' || char(0) || 'b' AS z", {"z": "a\ufffdb"}),
    ("SELECT 1 AS x; -- that was all", {"x": 1}),
    ("/* one */ SELECT 1 AS x;;", {"x": 1}),
    ("WITH t AS (SELECT * FROM message) SELECT count(*) AS n FROM t",
     {"n": 12}),
    ("SELECT count(*) AS n FROM temp.message", {"n": 12}),
    ('SELECT count(*) AS n FROM "MESSAGE" CROSS JOIN (SELECT 1)', {"n": 12}),
    ("SELECT count(*) AS n FROM message JOIN recipient ON message = id",
     {"n": 12}),
    ("WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c LIMIT"
     " 1000) SELECT max(n) AS n FROM c", {"n": 1000}),
    ("SELECT printf('%.5000c', 'y') AS t", {"t": "y" * 5000}),
    ("SELECT sum(n) AS n FROM (SELECT row_number() OVER (ORDER BY id) AS n"
     " FROM message)", {"n": 78}),
    ("SELECT json_group_array(x) AS j FROM (SELECT 1 AS x)", {"j": "[1]"}),
]


@pytest.mark.parametrize("text, row", FINE, ids=range(len(FINE)))
def test_fine(suite, text, row):
    assert suite.rows(text) == [row]


def test_table_for_people(suite):
    done = suite.ask("SELECT 'a' AS first, 17 AS n, NULL AS z UNION ALL"
                     " SELECT 'longer' || char(27), 4, 'x'")
    assert done.stdout == ("first       n   z\n" "a           17  -\n"
                           "longer\\x1b   4  x\n")
    assert suite.ask("SELECT 1 AS x WHERE 0").stdout == "x\n"
    assert suite.ask("SELECT 1 AS x WHERE 0", "--json").stdout == ""


def test_table_fits_the_terminal(suite):
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "cols", "40"], stdin=theirs, check=True)
    with subprocess.Popen(
            [BUILD / "postern", "-s", suite.postern.control, "sql", "SELECT"
             " printf('%.100c', 'a') AS a, printf('%.90c', 'b') AS b"],
            stdout=theirs) as p:
        text = b""
        while text.count(b"\n") < 2:
            text += os.read(ours, 1024)
        assert p.wait(20) == 0
    os.close(ours)
    os.close(theirs)
    line = text.decode().splitlines()[1]
    assert len(line) == 40 and line.startswith("aaaa") and "bbbb" in line


# --- what it refuses ---------------------------------------------------------

TABLES = ("grp", "meta", "main.message", "main.grp", "history.event",
          "history.address", "sqlite_schema", "sqlite_temp_schema",
          "main.sqlite_master", "history.sqlite_schema")
FORBIDDEN = [
    *(f"SELECT * FROM {t}" for t in TABLES),
    *(f"SELECT count(*) FROM {t}" for t in TABLES),
    *(f"SELECT 1 FROM {t} AS message" for t in TABLES),
    # a table expression that calls itself a view is none
    "WITH message AS (SELECT * FROM main.message) SELECT * FROM message",
    "WITH message(a) AS (SELECT prefix FROM main.message) SELECT a FROM"
    " message",
    "SELECT * FROM (SELECT * FROM main.grp) AS recipient",
    "SELECT (SELECT max(state) FROM main.grp) FROM message",
    "SELECT shard FROM message",
    # what is no SELECT
    "INSERT INTO message(id) VALUES(1)", "DELETE FROM main.message",
    "UPDATE main.grp SET state = 4", "DROP TABLE main.message",
    "DROP VIEW message", "CREATE TABLE t(x)", "CREATE TEMP TABLE t(x)",
    "CREATE TEMP VIEW v AS SELECT 1", "CREATE TEMP TABLE t AS SELECT 1",
    "ALTER TABLE main.message ADD COLUMN x", "REINDEX", "ANALYZE", "VACUUM",
    "VACUUM INTO 'queue/copy.db'", "BEGIN", "BEGIN IMMEDIATE", "COMMIT",
    "SAVEPOINT x", "ATTACH 'queue/queue.db' AS x", "ATTACH ':memory:' AS x",
    "DETACH history", "PRAGMA query_only = 0", "PRAGMA user_version",
    "PRAGMA journal_mode = DELETE", "PRAGMA wal_checkpoint",
    "PRAGMA table_list", "PRAGMA trusted_schema = 1",
    "EXPLAIN SELECT 1", "EXPLAIN QUERY PLAN SELECT * FROM message",
    "CREATE TRIGGER t AFTER INSERT ON main.grp BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE v USING fts5(x)",
    # functions and modules
    "SELECT load_extension('x')", "SELECT readfile('queue/key')",
    "SELECT writefile('x', 'y')", "SELECT edit('x')",
    "SELECT fts3_tokenizer('simple')", "SELECT zeroblob(1000000000)",
    "SELECT randomblob(1000000000)", "SELECT sqlite_compileoption_get(1)",
    "SELECT last_insert_rowid()", "SELECT sqlite_source_id()",
    "SELECT * FROM pragma_table_info('message')",
    "SELECT count(*) FROM pragma_database_list",
    "SELECT * FROM json_each('[1]')", "SELECT * FROM dbstat",
    "SELECT count(*) FROM dbstat", "SELECT * FROM sqlite_dbpage",
    "SELECT * FROM generate_series(1, 9)",
    # sizes
    "SELECT printf('%.90000c', 'x') || printf('%.90000c', 'x')",
    "SELECT " + "1," * 100 + "1",
    "SELECT " + "(" * 500 + "1" + ")" * 500,
    "SELECT " + "1+" * 500 + "1",
    "SELECT 1" + " UNION ALL SELECT 1" * 60,
    f"SELECT 'x' LIKE '{'%a' * 100}'", "SELECT ?1", "SELECT :name",
    # no SQL at all
    "", ";", "-- nothing", "SELEC 1", "SELECT", "SELECT * FROM nothing",
    "SELECT 1; SELECT 2", "SELECT 1; DELETE FROM main.message",
    "SELECT 1; nonsense", "SELECT 'open", "SELECT nothing(1)",
    ".tables", ".shell id",
]


@pytest.mark.parametrize("text", FORBIDDEN, ids=range(len(FORBIDDEN)))
def test_forbidden(suite, text):
    before = suite.postern.tree()
    done = suite.ask(text)
    assert done.returncode == 64, (done.stdout[:200], done.stderr)
    assert done.stderr.startswith("postern: ") and done.stderr.count(
        "\n") == 1, done.stderr
    assert suite.postern.tree() == before


def test_all_is_as_before(suite):
    """After all of these."""
    assert suite.one("SELECT count(*) FROM message") == 12
    assert not (suite.postern.spool / "queue/copy.db").exists()
    assert not suite.postern.events("child-exit")


def test_wrong_arguments(suite):
    for words in ((), ("SELECT 1", "SELECT 2"), ("--odd", "SELECT 1"),
                  ("SELECT '" + "x" * 9000 + "'",)):
        done = subprocess.run(
            [BUILD / "postern", "-s", suite.postern.control, "sql", *words],
            capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 64 and "usage: postern sql" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")
def test_operators_only(suite):
    done = suite.ask("SELECT 1", user=40001)
    assert done.returncode == 77 and done.stdout == ""
    assert "only root and the group postern" in done.stderr


# --- how long, how much ------------------------------------------------------

def test_heavy_ones_hold_up_nobody(suite):
    """Two at once, no third, and everybody else is answered meanwhile."""
    before = suite.postern.tree()
    started = time.monotonic()
    heavy = suite.occupy(ENDLESS)
    third = suite.ask("SELECT 1")
    assert third.returncode == 75 and "try again" in third.stderr
    assert all(p.poll() is None for p in heavy)
    asked = time.monotonic()
    argv = [str(BUILD / "postern"), "-s", str(suite.postern.control), "queue",
            "--json"]
    if os.geteuid() == 0:
        argv = ["setpriv", "--reuid=40001", "--regid=40001", "--clear-groups",
                *argv]
    subprocess.run(argv, check=True, capture_output=True, timeout=20)
    elapsed = time.monotonic() - asked
    for p in heavy:
        out, err = p.communicate(timeout=30)
        assert p.returncode == 69 and "longer than 5 seconds" in err
        assert out == "sum(n)\n"
    assert time.monotonic() - started >= 5
    # a reader is held for 5 s, so an answer in less did not wait for one
    assert elapsed < 3
    assert suite.postern.tree() == before
    assert suite.one("SELECT 1") == 1


def test_cut_at_64_mib(suite):
    before = suite.postern.tree()
    done = suite.ask(LARGE, "--json")
    assert done.returncode == 69 and "larger than 64 MiB" in done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [r["n"] for r in rows] == list(range(1, len(rows) + 1))
    assert all(r["t"] == "x" * 100000 for r in rows)
    total = sum(len(r["t"]) for r in rows)
    assert 60 << 20 < total <= 64 << 20
    assert suite.postern.tree() == before


def test_cut_by_memory(suite):
    before = suite.postern.tree()
    done = suite.ask(f"SELECT n, t FROM ({LARGE} LIMIT 2000) ORDER BY t, n")
    assert done.returncode == 69 and "more memory" in done.stderr
    assert suite.postern.tree() == before
    assert suite.one("SELECT 1") == 1


def test_many_small_cells(suite):
    """They count for what it costs to send them."""
    if not full(True, False):
        return  # some seconds
    before = suite.postern.tree()
    done = suite.ask("SELECT 1 AS x FROM event, event, event, event")
    assert done.returncode == 69 and "larger than 64 MiB" in done.stderr
    assert 3 << 20 < len(done.stdout.splitlines()) < 4 << 20
    assert suite.postern.tree() == before


def test_joins_compile_in_time(suite):
    """Views within views could multiply."""
    joins = ", ".join(f"event e{i}" for i in range(7))
    assert suite.rows(f"SELECT 1 AS x FROM {joins} LIMIT 1") == [{"x": 1}]
    joins = ", ".join(f"message m{i}" for i in range(60))
    assert suite.rows(f"SELECT 1 AS x FROM {joins} LIMIT 1") == [{"x": 1}]
    joins = ", ".join(f"recipient r{i}" for i in range(60))
    assert suite.ask(f"SELECT 1 FROM {joins}").returncode == 64  # 120 tables


def test_who_does_not_read_holds_no_reader(suite):
    """The tool takes all before it writes any of it."""
    stuck = [suite.start(LARGE + " LIMIT 100") for _ in (1, 2)]
    for p in stuck:
        assert select.select([p.stdout], [], [], 20)[0], "no output"
    assert suite.one("SELECT 1") == 1
    for p in stuck:
        assert p.poll() is None
        p.kill()
        p.communicate()


def test_who_goes_away_frees_the_reader(suite):
    for sig in (signal.SIGKILL, signal.SIGTERM):
        asking = suite.occupy(ENDLESS)
        for p in asking:
            p.send_signal(sig)
            p.communicate()
        wait_for(lambda: suite.ask("SELECT 1").returncode == 0,
                 what="a free reader", poll=0.1)


def test_no_read_stays_open(suite):
    """After an answer the log can be taken over from its beginning."""
    assert suite.one("SELECT count(*) FROM message") == 12
    # one may still work on a question that nobody waits for
    wait_for(lambda: not suite.opened(), what="closed databases")
    asking = suite.start(ENDLESS)
    wait_for(suite.opened, what="open ones")
    asking.kill()
    asking.communicate()


def test_death_of_a_reader(suite):
    before = suite.postern.children()
    wait_for(lambda: not suite.opened(), what="idle readers")
    asking = suite.start(ENDLESS)
    (busy,) = wait_for(suite.opened, what="work")
    os.kill(busy, signal.SIGKILL)
    _, err = asking.communicate(timeout=20)
    assert asking.returncode == 75 and "went away" in err
    wait_for(lambda: len(suite.postern.children().get("reader", [])) == 2 and
             busy not in suite.postern.children()["reader"],
             what="the next one")
    after = suite.postern.children()
    assert {k: v for k, v in after.items() if k != "reader"} == {
        k: v for k, v in before.items() if k != "reader"}
    assert suite.one("SELECT 1") == 1


def files_of(pid):
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass  # closed in between
    return found


def test_a_silent_reader_is_replaced(suite):
    if not full(True, False):
        return  # it takes 15 s
    victims = suite.postern.children()["reader"]
    for pid in victims:
        os.kill(pid, signal.SIGSTOP)
    done = suite.ask("SELECT 1")
    assert done.returncode == 75 and "did not answer" in done.stderr
    wait_for(lambda: sum(is_alive(pid) for pid in victims) == 1,
             what="the end of that reader")
    for pid in victims:
        if is_alive(pid):
            os.kill(pid, signal.SIGCONT)


# --- history.db --------------------------------------------------------------

def test_without_history(tmp_path):
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        os.chmod(folder, 0o755)
    with Postern(tmp_path, "history off") as postern:
        def ask(text):
            return postern.tool("sql", "--json", text)
        assert json.loads(ask("SELECT count(*) AS n FROM event")) == {"n": 0}
        assert ask("SELECT message, kind FROM event") == ""
        assert json.loads(ask("SELECT count(*) AS n FROM message")) == {
            "n": 0}
        done = subprocess.run(
            [BUILD / "postern", "-s", postern.control, "sql",
             "SELECT * FROM history.event"], capture_output=True, text=True,
            timeout=20, check=False)
        assert done.returncode == 64


def test_damaged_history(tmp_path):
    """It is named; a wrong answer would be worse than none."""
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        os.chmod(folder, 0o755)
    with Postern(tmp_path, "history off") as postern:
        path = postern.spool / "history/history.db"
        path.write_bytes(b"no database " * 1000)
        path.chmod(0o644)
        done = subprocess.run(
            [BUILD / "postern", "-s", postern.control, "sql", "SELECT 1"],
            capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 65 and "history.db" in done.stderr
        path.unlink()
        db = sqlite3.connect(path)
        db.execute("PRAGMA user_version = 99")
        db.close()
        path.chmod(0o644)
        done = subprocess.run(
            [BUILD / "postern", "-s", postern.control, "sql", "SELECT 1"],
            capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 65 and "another version" in done.stderr


def test_ids(suite):
    text = print_id(FIRST_ID + 77)
    assert suite.rows(f"SELECT id_text({FIRST_ID + 77}) AS a,"
                      f" id_number('{text.upper()}') AS b, id_text('x') AS c,"
                      " id_number('not an id') AS d, domain('A@B@C.Example')"
                      " AS e, domain('none') AS f") == [
        {"a": text, "b": FIRST_ID + 77, "c": None, "d": None,
         "e": "c.example", "f": None}]
