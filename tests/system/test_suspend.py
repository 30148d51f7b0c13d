# SPDX-License-Identifier: ISC
# tests/system/test_suspend.py - destinations that are suspended or slowed
# down: what is accepted for them waits, says why, and goes on when it may.
"""postern suspend and resume."""

import json
import os
import smtplib
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import BUILD, Postern, Sink, event_of, wait_for  # noqa: E402


def route(sink, domain="example.org"):
    return (f"mx addresses allow 127.0.0.0/8\n"
            f'route domain {domain} to host "[127.0.0.1]" port {sink.port}\n'
            "route any to mx\n")


def send(postern, n=1, first=0, rcpt="b@example.org"):
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        for i in range(first, first + n):
            smtp.sendmail(f"a{i}@client.example", [rcpt],
                          f"Subject: {i}\r\n\r\nbody\r\n")


def arrived(sink):
    return len(sink.log.read_text().splitlines()) if sink.log.exists() else 0


def refused(postern, *words):
    """Its exit status and what it said."""
    done = subprocess.run(
        [str(BUILD / "postern"), "-s", str(postern.control), *words],
        capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stderr + done.stdout


def errors(postern):
    return {r["error"] for row in postern.queue() for r in row["recipients"]}


def test_suspend_and_resume(tmp_path):
    with Sink(tmp_path) as sink, Postern(tmp_path, route(sink)) as p:
        send(p)
        wait_for(lambda: arrived(sink) == 1, what="the first one")
        p.tool("suspend", "127.0.0.1", "--reason", "they asked for it")
        line = p.wait_event("suspended")[0]
        assert "[127.0.0.1]" in line and "they asked for it" in line
        send(p, 3, 1)
        wait_for(lambda: len(p.queue()) == 3, what="three that wait")
        assert errors(p) == {"suspended: they asked for it"}
        # retry says so, and tries nothing
        word = p.queue()[0]["id"]
        assert "suspended" in p.tool("retry", word)
        assert "1 suspended destination" in p.tool("retry", "--all")
        # it is in queue.db
        p.stop()
        p.start()
        send(p, 1, 4)
        wait_for(lambda: len(p.queue()) == 4, what="four that wait")
        p.tool("hold", word)
        p.tool("release", word)
        assert arrived(sink) == 1
        assert p.tool("resume", "[127.0.0.1]").endswith("goes on\n")
        p.wait_event("resumed")
        p.wait_empty()
        assert arrived(sink) == 5
        assert "was not suspended" in p.tool("resume", "127.0.0.1")


def test_a_suspension_ends(tmp_path):
    with Sink(tmp_path) as sink, Postern(tmp_path, route(sink)) as p:
        # a destination that nothing was ever sent to: it has no row yet
        code, text = refused(p, "suspend", "example.org", "--for", "2s")
        assert code == os.EX_USAGE and "goes to [127.0.0.1]" in text
        send(p)
        wait_for(lambda: arrived(sink) == 1, what="the first one")
        before = time.monotonic()
        p.tool("suspend", "127.0.0.1", "--port", str(sink.port), "--for", "2s")
        send(p, 2, 1)
        p.wait_empty()
        assert time.monotonic() - before > 1.5
        assert "its time is over" in p.wait_event("resumed")[0]
        assert arrived(sink) == 3


def test_one_that_is_not_known_yet(tmp_path):
    with Sink(tmp_path) as sink, Postern(tmp_path, route(sink)) as p:
        p.tool("suspend", "never.example")
        send(p, 1, 0, "b@never.example")
        send(p)
        wait_for(lambda: arrived(sink) == 1, what="the other one")
        wait_for(lambda: errors(p) == {"suspended"}, what="why it waits")


def test_a_host_that_is_not_known_yet(tmp_path):
    """It is the port of its route that is meant."""
    with Sink(tmp_path) as sink, Postern(tmp_path, route(sink)) as p:
        p.tool("suspend", "127.0.0.1")
        send(p)
        wait_for(lambda: errors(p) == {"suspended"}, what="why it waits")
        p.tool("resume", "127.0.0.1")
        p.wait_empty()
        assert arrived(sink) == 1


@pytest.mark.parametrize("words, why", [
    (["suspend"], "which destination"),
    (["suspend", "a.example", "b.example"], "not one destination"),
    (["suspend", "mx", "a.example,b.example", "port", "25"], "not one"),
    (["suspend", "host a.example port 0"], "not a domain or host"),
    (["suspend", "host a.example port 25", "--port", "26"], "two ports"),
    (["suspend", "aliases"], "has no destination"),
    (["suspend", "not a domain"], "not a domain"),
    (["suspend", "a.example", "--for", "2"], "a time such as 2h"),
    (["suspend", "a.example", "--for"], "a time such as 2h"),
    (["suspend", "a.example", "--port", "0"], "a port"),
    (["suspend", "a.example", "--until", "x"], "unknown argument"),
    (["resume", "a.example", "--for", "2h"], "unknown argument"),
])
def test_wrong_words(words, why):
    done = subprocess.run([str(BUILD / "postern"), "-s", "/nowhere", *words],
                          capture_output=True, text=True, timeout=30,
                          check=False)
    assert done.returncode == os.EX_USAGE and why in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="root")
def test_others_may_not(tmp_path):
    os.chmod(tmp_path, 0o755)
    for folder in tmp_path.parents:
        if str(folder).startswith("/tmp/"):
            os.chmod(folder, 0o755)
    with Sink(tmp_path) as sink, Postern(tmp_path, route(sink)) as p:
        done = subprocess.run(
            [str(BUILD / "postern"), "-s", str(p.control), "suspend",
             "a.example"], capture_output=True, text=True, timeout=30,
            check=False, user=65534, group=65534, extra_groups=[])
        assert done.returncode == os.EX_NOPERM, done.stderr
        assert "only root" in done.stderr
        p.wait_event("order-refused")


def shown(postern):
    """The destinations of the queue, as --summary shows them."""
    return {json.loads(line)["destination"] for line in
            postern.tool("queue", "--summary", "--json").splitlines()}


def test_each_by_the_name_that_is_shown(tmp_path):
    """Lists of hosts, sockets, sources, logins: none of these listens."""
    names = ["host [127.0.0.1],nowhere.test port 2",
             "host box@127.test,[127.0.0.1] port 3",
             "host bulk%[127.0.0.1] port 4",
             f"lmtp {tmp_path}/lmtp",
             "lmtp [127.0.0.1],nowhere.test port 24",
             "mx bulk%mx.example port 5"]
    secret = tmp_path / "secret"
    secret.write_text("x\n")
    secret.chmod(0o600)
    conf = ("resolver 127.0.0.1 port 9\nsource bulk\n"
            "route domain list.example to host { 127.0.0.1 nowhere.test }"
            " port 2\n"
            "route domain box.example to host { 127.test 127.0.0.1 } port 3 "
            f'login box password file "{secret}" cleartext\n'
            "route domain bulk.example to host 127.0.0.1 port 4 source bulk\n"
            f'route domain socket.example to lmtp "{tmp_path}/lmtp"\n'
            "route domain store.example to lmtp host { 127.0.0.1 "
            "nowhere.test }\n"
            "route domain mx.example to mx port 5 source bulk\n")
    for name in names:
        conf += f'limit destination "{name}" messages 1 per hour\n'
    with Postern(tmp_path, conf) as p:
        # before any of them has a row: the routes name them
        for name in names[:3]:
            assert f"{name.split()[1]}: suspended" in p.tool("suspend", name)
        for who in "list", "box", "bulk", "socket", "store", "mx":
            send(p, 1, 0, f"b@{who}.example")
        wait_for(lambda: shown(p) == set(names), what="all of them")
        for name in names[3:]:
            # in several words, as they stand there
            assert "suspended" in p.tool("suspend", *name.split(" "))
        wait_for(lambda: errors(p) == {"suspended"}, what="why they wait")
        rows = [json.loads(line) for line in
                p.tool("queue", "--summary", "--json").splitlines()]
        assert all(row["suspended"] for row in rows), rows
        for name in names:
            assert "goes on" in p.tool("resume", name)
        # the limit let nothing be tried
        assert {event_of(line) for line in p.log_lines()} & \
            {"deferred", "asleep"} == set()
        for who in "bulk", "socket":
            assert "1 in 3600 seconds" in p.tool("explain",
                                                 f"b@{who}.example")
