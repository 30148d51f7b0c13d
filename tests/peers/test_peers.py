# SPDX-License-Identifier: ISC
"""tests/peers/test_peers.py - the peers work before anything is tested
against them, and nothing of them outlives its owner."""

import os
import signal
import smtplib
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import peers  # noqa: E402

needs_root = pytest.mark.skipif(not peers.have_root(), reason="skipped: root")


def send(port, text):
    with smtplib.SMTP("127.0.0.1", port) as s:
        s.sendmail("from@client.example", ["to@example.org"], text)


@needs_root
def test_postfix_relays_to_next_hop(tmp_path):
    with peers.Postfix("next-hop", tmp_path / "hop") as hop, \
            peers.Postfix("relay", tmp_path / "relay",
                          next_port=hop.port) as relay:
        send(relay.port, "Subject: one\r\n\r\nbody\r\n")
        peers.wait_until(hop.messages, "message at the next hop")
        assert b"Subject: one" in hop.messages()[0]
        peers.wait_until(lambda: relay.queued() == 0, "relay's queue empty")
        assert any("status=sent" in line for line in relay.log_lines())


@needs_root
def test_next_hop_is_no_open_relay(tmp_path):
    with peers.Postfix("next-hop", tmp_path / "hop") as hop:
        with smtplib.SMTP("127.0.0.1", hop.port) as s:
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                s.sendmail("a@client.example", ["b@elsewhere.example"], "")


OWNER = """
import sys, time
sys.path.insert(0, sys.argv[1])
import peers
hop = peers.Postfix("next-hop", sys.argv[2]).start()
print(hop.port, flush=True)
time.sleep(600)
"""


def processes_below(path):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(str(path)):
                found.append(pid)
        except OSError:
            pass
    return found


@needs_root
def test_nothing_outlives_a_killed_owner(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, peers.HERE, str(tmp_path / "hop")],
        stdout=subprocess.PIPE)
    port = int(owner.stdout.readline())
    assert peers.greets(port)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    peers.wait_until(lambda: not peers.greets(port), "server gone")
    peers.wait_until(lambda: not processes_below(tmp_path), "processes gone")


def test_sink_takes_the_source(tmp_path):
    with peers.SmtpSink(tmp_path) as sink:
        assert peers.smtp_source(sink.port, 5, 100, 1024) > 0


def test_resolver_asks_the_zone(tmp_path):
    zones = {"example.org": "@ MX 10 mail\nmail A 127.0.0.1"}
    with peers.Nsd(tmp_path / "nsd", zones) as nsd, \
            peers.Unbound(tmp_path / "unbound", zones, nsd.port) as unbound:
        assert peers.dns_answers("127.0.0.1", unbound.port, "example.org")
        assert not peers.dns_answers("127.0.0.1", nsd.port, "example.net")
