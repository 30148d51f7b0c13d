# SPDX-License-Identifier: ISC
# tests/system/test_names.py - what clients are called, by DNS.
#
# Clients come from 127.0.0.2 and on: 127.0.0.1 is not asked about.
"""Names of clients: in Received and the log, and nothing waits for them."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import Dns, Postern, free_port, wait_for  # noqa: E402
from scripted import Scripted, good  # noqa: E402
from test_auth import PASSWORD, passwd, plain  # noqa: E402
from test_door import Stranger  # noqa: E402
from tlskit import Pair  # noqa: E402

SIX = "fd00:6::1"
SIX_ARPA = ".".join("1" + "0" * 23 + "600000df") + ".ip6.arpa"
RECORDS = (
    "sink.test 5 A 127.0.0.1",
    "2.0.0.127.in-addr.arpa PTR Mx.Far.Example",
    "mx.far.example A 127.0.0.2",
    "3.0.0.127.in-addr.arpa PTR mx.far.example",  # lies
    f"{SIX_ARPA} PTR six.far.example", f"six.far.example AAAA {SIX}",
    "7.0.0.127.in-addr.arpa PTR slow.far.example",
    "slow.far.example A 127.0.0.7",
)
TRICKS = ("5.0.0.127.in-addr.arpa timeout", "7.0.0.127.in-addr.arpa delay 300")
NAMED, LIAR, NOBODY, SILENT, SLOW = (
    "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.7")


class Relay(Postern):
    """With a next hop that shows what it got, found by name."""

    def __init__(self, tmp_path, stack, *conf, **options):
        self.dns = stack.enter_context(Dns(tmp_path, RECORDS, TRICKS))
        self.hop = stack.enter_context(Scripted(good))
        super().__init__(tmp_path, "\n".join([
            "workers smtpd 1", self.dns.setting(),
            "mx addresses allow 127.0.0.0/8",
            f"route any to host sink.test port {self.hop.port}", *conf]),
            **options)

    def trace(self, client):
        """Our trace field on a message that it sends now."""
        n = len(self.hop.bodies)
        assert client.deliver().startswith("250 ")
        wait_for(lambda: len(self.hop.bodies) > n, what="the message")
        text = self.hop.bodies[-1].decode()
        assert text.startswith("Received: from there.example ")
        return " ".join(text.split("\tby relay.example")[0].split())

    def asked(self):
        return {q.name.lower() for q in self.dns.questions()}

    def named(self, client, want):
        """Some message of the session has the name: all later ones do."""
        want = f"Received: from there.example ({want})"
        wait_for(lambda: self.trace(client) == want, what=want)
        assert self.trace(client) == want


@contextlib.contextmanager
def relay(tmp_path, *conf, **options):
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(Relay(tmp_path, stack, *conf, **options))


@pytest.fixture(name="p", scope="module")
def one_relay(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    with relay(folder, Pair(folder, "mx").statement()) as p:
        yield p


def test_named(p):
    """By its verified name, also once TLS has begun; told once."""
    before = len(p.events("named"))
    with Stranger(p, NAMED) as c:
        p.named(c, "mx.far.example [127.0.0.2]")
        c.start_tls()
        p.named(c, "mx.far.example [127.0.0.2]")
    lines = p.events("named")[before:]
    assert len(lines) == 1 and lines[0].endswith(
        "client=127.0.0.2 name=\"mx.far.example\""), lines
    number = lines[0].split("id=")[1].split()[0]
    assert any(f"id={number} " in line for line in p.events("queued"))


@pytest.mark.parametrize("address, reverse", [
    (LIAR, "3.0.0.127.in-addr.arpa"), (NOBODY, "4.0.0.127.in-addr.arpa"),
    ("127.0.0.1", None)])
def test_without_a_name(p, address, reverse):
    """A name that does not lead back, none, and ourselves."""
    with Stranger(p, address) as c, Stranger(p, NAMED) as fence:
        wait_for(lambda: reverse is None or reverse in p.asked(),
                 what="the question")
        p.named(fence, "mx.far.example [127.0.0.2]")
        assert p.trace(c) == f"Received: from there.example ([{address}])"
    assert "1.0.0.127.in-addr.arpa" not in p.asked()
    assert not [line for line in p.events("named")
                if f"client={address} " in line]


@pytest.mark.parametrize("hide", ["on", "off"])
def test_who_logs_in(tmp_path, hide):
    """Hidden: no name, address or HELO of who has logged in is anywhere in the
    message, and the log and history have them; others are not hidden."""
    logins, port = tmp_path / "passwd", free_port()
    passwd(logins, "ann", stdin=PASSWORD + "\n")
    with relay(tmp_path, f'passwords "{logins}"\nhide auth clients {hide}\n'
               f"listen on 127.0.0.1 port {port} auth cleartext") as p:
        with Stranger(p, NAMED, port) as c, Stranger(p, NAMED) as other:
            p.named(other, "mx.far.example [127.0.0.2]")
            assert c.say("EHLO there.example").startswith("250 ")
            assert c.say(f"AUTH PLAIN {plain('ann', PASSWORD)}").startswith(
                "235 ")
            line = wait_for(lambda: named_of(p, c), what="a name")
            text = sent(p, c)
            p.named(other, "mx.far.example [127.0.0.2]")
        hidden = [word for word in ("127.0.0.2", "far.example", "there.example")
                  if word not in text]
        assert len(hidden) == (3 if hide == "on" else 0), text
        assert "ann" not in text.replace("ann@ours.example", "")
        assert 'client=127.0.0.2 name="mx.far.example"' in line
        queued, = [of for of in p.events("queued") if line.split()[3] in of]
        assert 'client="127.0.0.2" login="ann"' in queued
        told = wait_for(lambda: p.tool(
            "trace", "--json", line.split()[3][3:], check_status=False),
            what="history")
        for word in ('"client":"127.0.0.2"', '"helo":"there.example"',
                     '"login":"ann"'):
            assert word in told


def sent(p, client):
    """All of a message that who has logged in sends now."""
    n = len(p.hop.bodies)
    assert client.rcpt(sender="ann@ours.example").startswith("250 ")
    assert client.say("DATA").startswith("354 ")
    assert client.say("Subject: x\r\n\r\nbody\r\n.").startswith("250 ")
    wait_for(lambda: len(p.hop.bodies) > n, what="the message")
    return p.hop.bodies[-1].decode()


def named_of(p, client):
    """What the log says of the client's name, once it is there."""
    before = len(p.events("named"))
    sent(p, client)
    return "".join(p.events("named")[before:])


def test_nothing_waits_for_silence(p):
    """A resolver that says nothing costs the name, and no time."""
    began = time.monotonic()
    with Stranger(p, SILENT) as c:
        assert p.trace(c) == "Received: from there.example ([127.0.0.5])"
    # three tries would be over after seven seconds
    assert time.monotonic() - began < 6
    wait_for(lambda: "5.0.0.127.in-addr.arpa" in p.asked(), what="PTR")


def test_clients_that_leave(p):
    """The answer finds nobody, and nobody minds."""
    before = p.children()
    for _ in range(20):
        Stranger(p, SLOW).close()
    with Stranger(p, SLOW) as c:
        p.named(c, "slow.far.example [127.0.0.7]")
    assert p.children() == before and not p.events("child-exit")


def test_a_flood_of_strangers(p):
    """Beyond what one worker may have open there is no name; mail goes on."""
    with contextlib.ExitStack() as crowd:
        began = time.monotonic()
        for _ in range(270):
            c = crowd.enter_context(Stranger(p, SILENT))
            assert c.greeting.startswith("220 ")
        with Stranger(p, NAMED) as c:
            trace = p.trace(c)
        if time.monotonic() - began < 6:  # else they have places again
            assert trace == "Received: from there.example ([127.0.0.2])"
        assert not p.events("peer-broken")


def test_turned_away(tmp_path):
    """Of whom is turned away nothing is asked."""
    with relay(tmp_path, "limit sessions 2") as p, \
            Stranger(p, NAMED) as one, Stranger(p, NAMED):
        assert Stranger(p, NOBODY).greeting.startswith("421 ")
        p.named(one, "mx.far.example [127.0.0.2]")
        assert "4.0.0.127.in-addr.arpa" not in p.asked()


def test_by_ipv6(tmp_path):
    if os.geteuid() != 0 or "POSTERN_NAMESPACE" not in os.environ:
        pytest.skip("root: addresses are given to a loopback of our own")
    subprocess.run(["ip", "-6", "address", "replace", f"{SIX}/128",
                    "dev", "lo", "nodad"], check=True)
    with relay(tmp_path, f"accept from {SIX}/128", addr="::1",
               port=free_port("::1")) as p, Stranger(p, SIX) as c:
        p.named(c, f"six.far.example [IPv6:{SIX}]")
