# SPDX-License-Identifier: ISC
# tests/system/test_delivery.py - the whole suite against servers of all kinds.
"""Mail in by SMTP, verdicts out in the log: what queue made of each."""

import contextlib
import os
import re
import smtplib
import sqlite3
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import (Client, Dns, Postern, Sink, check,  # noqa: E402
                     event_of, free_port, wait_for)
from scripted import FINE, Scripted, good  # noqa: E402

TO = "to@there.example"


def send(postern, rcpts=(TO,), body="hello\r\n", sender="from@here.example"):
    with smtplib.SMTP(postern.addr, postern.port, timeout=20) as client:
        client.sendmail(sender, list(rcpts), f"Subject: x\r\n\r\n{body}")


def outcomes(postern, rcpt=TO):
    """[(event, SMTP code, enhanced code)] of the log lines for a recipient."""
    found = []
    for line in postern.log_lines():
        event = event_of(line)
        if event in ("delivered", "deferred", "bounced") and \
                f'rcpt="{rcpt}"' in line:
            found.append((event, *re.search(
                r"smtp=(\d+) status=(\S+)", line).groups()))
    return found


def outcome(postern, rcpt=TO):
    wait_for(lambda: outcomes(postern, rcpt), what=f"an outcome for {rcpt}")
    return outcomes(postern, rcpt)[0]


@pytest.mark.parametrize("how, want", [
    ({}, ("delivered", "250", "2.0.0")),
    ({"greeting": None}, ("deferred", "451", "4.4.2")),
    ({"ehlo": None}, ("deferred", "451", "4.4.2")),
    ({"mail": None}, ("deferred", "451", "4.4.2")),
    ({"rcpt": None}, ("deferred", "451", "4.4.2")),
    ({"data": None}, ("deferred", "451", "4.4.2")),
    ({"dot": None}, ("deferred", "451", "4.4.2")),
    ({"dot": "taken"}, ("deferred", "451", "4.5.0")),
    ({"greeting": "554 5.7.1 no"}, ("deferred", "451", "4.7.1")),
    ({"mail": "550 5.7.1 no"}, ("bounced", "550", "5.7.1")),
    ({"rcpt": "550 5.1.1 nobody"}, ("bounced", "550", "5.1.1")),
    ({"rcpt": "552 5.5.3 many"}, ("deferred", "452", "4.5.3")),
    ({"data": "421 4.3.2 bye"}, ("deferred", "421", "4.3.2")),
    ({"dot": "554 5.6.0 virus"}, ("bounced", "554", "5.6.0")),
    ({"dot": "451 4.3.0 full"}, ("deferred", "451", "4.3.0")),
])
def test_verdict(tmp_path, how, want):
    with Scripted(good, **how) as server, \
            Postern(tmp_path, server.route()) as postern:
        send(postern)
        assert outcome(postern) == want


def test_each_recipient(tmp_path):
    with Scripted(good, rcpt={"no@": "550 5.1.1 nobody",
                              "wait@": "450 4.2.1 grey"}) as server, \
            Postern(tmp_path, server.route()) as postern:
        send(postern, ["yes@there.example", "no@there.example",
                       "wait@there.example"])
        assert outcome(postern, "yes@there.example")[0] == "delivered"
        assert outcome(postern, "no@there.example") == \
            ("bounced", "550", "5.1.1")
        assert outcome(postern, "wait@there.example") == \
            ("deferred", "450", "4.2.1")


def mx_postern(tmp_path, dns, port):
    return Postern(tmp_path, f"{dns.setting()}\nroute any to mx port {port}\n"
                             "mx addresses allow 127.0.0.0/8")


def test_next_exchanger(tmp_path):
    """The first is dead, the second busy, the third takes it."""
    records = ["there.example MX 10 one.example",
               "there.example MX 20 two.example",
               "there.example MX 30 three.example",
               "one.example A 127.0.0.2", "two.example A 127.0.0.3",
               "three.example A 127.0.0.4"]
    with Dns(tmp_path, records) as dns, \
            Scripted(good, addr="127.0.0.4") as third, \
            Scripted(good, addr="127.0.0.3", port=third.port,
                     greeting="450 4.3.2 busy") as second, \
            mx_postern(tmp_path, dns, third.port) as postern:
        send(postern)
        assert outcome(postern) == ("delivered", "250", "2.0.0")
        assert second.connections == 1
        assert 'host="three.example"' in postern.events("delivered")[0]


def test_destinations_are_forgotten(tmp_path):
    """Their rows go at the next start; not of those whose mail waits, nor what
    an operator has said; and all get their next mail."""
    def rows():
        with contextlib.closing(sqlite3.connect(
                p.spool / "queue/queue.db")) as db:
            return {host for host, in db.execute(
                "SELECT host FROM destination")}

    names = [f"{n}.example" for n in ("one", "waits", "two", "kept", "last")]
    with Scripted(good, addr="127.0.0.2", rcpt={
            "waits": "450 4.2.0 later"}) as server, \
            Dns(tmp_path, [f"{n} A 127.0.0.2" for n in names]) as dns, \
            mx_postern(tmp_path, dns, server.port) as p:
        for n, name in enumerate(names):
            send(p, [f"to@{name}"])
            wait_for(lambda n=n: len(p.events("delivered") + p.events(
                "deferred")) == n + 1, what="an outcome")
        wait_for(lambda: len(p.queue()) == 1, what="one to be left")
        p.tool("suspend", "kept.example")
        assert rows() == set(names)
        p.stop()
        p.start()
        assert rows() == {"waits.example", "kept.example", "last.example"}
        send(p, [f"to@{name}" for name in names if name != "kept.example"])
        p.wait_event("delivered", n=3)
        assert len([body for body in server.bodies if body]) == 7


@pytest.mark.parametrize("records, want", [
    (["there.example MX 0 ."], ("bounced", "556", "5.1.10")),
    (["other.example A 127.0.0.1"], ("bounced", "550", "5.1.2")),
    (["there.example MX 10 relay.example"], ("bounced", "554", "5.4.6")),
    (["there.example MX 10 m.example", "m.example A 0.0.0.0"],
     ("bounced", "550", "5.4.4")),
])
def test_no_way(tmp_path, records, want):
    with Dns(tmp_path, records) as dns, \
            mx_postern(tmp_path, dns, free_port()) as postern:
        send(postern)
        assert outcome(postern) == want


def test_nothing_lost_or_doubled(tmp_path):
    """Connections are used again, and every message is itself."""
    with Sink(tmp_path) as sink, Postern(tmp_path, sink.route()) as postern:
        client = Client(postern, messages=500, sessions=20)
        client.run()
        sink.wait(500)
        result = check([client.log], [sink.log])
        assert result.ok and not result.duplicates, result


def test_deliver_killed_past_the_dot(tmp_path):
    """It comes again, later; the server had it once already."""
    event = threading.Event()

    def first_waits(peer):
        if len(peer.server.bodies) == 1:
            event.wait(30)
        return FINE["dot"]

    with Scripted(good, dot=first_waits) as server, \
            Postern(tmp_path, server.route() + "\nworkers deliver 1") as p:
        send(p)
        wait_for(lambda: server.bodies, what="the first copy")
        before = p.children()
        os.kill(p.child("deliver"), 9)
        outcome(p)
        after = p.children()
        assert before["smtpd"] == after["smtpd"]
        assert before["queue"] == after["queue"]
        event.set()
