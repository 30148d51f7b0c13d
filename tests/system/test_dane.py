# SPDX-License-Identifier: ISC
# tests/system/test_dane.py - DANE (RFC 7672) against a signed DNS of our own.
#
# Every case is a domain with a server at an address of its own; what came of
# its mail, how it was carried, and what the log says of it.
"""Each verdict of DANE, by what was delivered and logged."""

import os
import signal
import ssl
import sys
import threading
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "lib"))
from harness import Postern, wait_for  # noqa: E402
from scripted import FINE, Hangup, Scripted  # noqa: E402
from verdicts import (  # noqa: E402
    CLEAR, DANE, LATER, OFFER, TLS, Server, Table, certificate, expired,
    issued, record, secure, send, server_context, unusable)

NOBODY = (LATER, "no TLSA record matches its certificate")
NO_ANSWER = (LATER, "no answer for the TLSA records")
BOGUS = (LATER, "SERVFAIL, bogus (DNSSEC): ")


class Cases(Table):
    """A server at an address of its own for each; rows are added in make()."""

    port = 0

    def server(self, label, files, how=None):
        made = self.servers[label] = Server(
            files, how, addr=f"127.0.0.{len(self.servers) + 20}",
            port=self.port)
        self.port = made.port
        return made

    def row(self, name, files, records, want, how=None, zone="good"):
        server = self.server(f"{name}.{zone}", files, how)
        self.add(name, server, records, want, zone=zone)

    def make(self):
        f = self.folder
        ca = certificate(f, "ca", "DNS:ca")
        own = certificate(f, "own", "DNS:nobody")
        other = certificate(f, "other", "DNS:nobody")
        old = expired(f, "old", "DNS:nobody")
        for usage, selector, matching in (
                (3, 0, 0), (3, 0, 1), (3, 0, 2), (3, 1, 0), (3, 1, 1),
                (3, 1, 2)):
            self.row(f"ee{selector}{matching}", own,
                     [record(usage, selector, matching, own)], DANE)
        self.row("expired", old, [record(3, 1, 1, old)], DANE)
        self.row("rollover", own, [record(3, 1, 1, other),
                                   record(3, 1, 1, own)], DANE)
        self.row("wrong", own, [record(3, 1, 1, other)], NOBODY)
        self.row("spoilt", own, [record(3, 0, 0, own, spoil=True)], NOBODY)
        # the strongest digest speaks, RFC 7671 9
        self.row("agile", own, [record(3, 1, 1, own),
                                record(3, 1, 2, other)], NOBODY)
        self.authorities(ca, own)
        self.failures(own, other)
        self.ways(own, other)

    def authorities(self, ca, own):
        f = self.folder
        for selector, matching in ((0, 0), (0, 1), (1, 1), (1, 2)):
            name = f"ta{selector}{matching}"
            files = issued(f, name, f"DNS:{name}.mx.good", ca)
            self.row(name, files, [record(2, selector, matching, ca)], DANE)
        files = issued(f, "taunsent", "DNS:taunsent.mx.good", ca, sends=False)
        self.row("taunsent", files, [record(2, 0, 0, ca)], DANE)
        files = issued(f, "tadomain", "DNS:tadomain.good", ca)
        self.row("tadomain", files, [record(2, 0, 1, ca)], DANE)
        files = issued(f, "taname", "DNS:other.good", ca)
        self.row("taname", files, [record(2, 0, 1, ca)],
                 (LATER, "hostname mismatch"))
        files = issued(f, "taother", "DNS:taother.mx.good", ca)
        self.row("taother", files, [record(2, 0, 1, own)], NOBODY)
        # an authority is not the server's own certificate
        self.row("taself", own, [record(2, 0, 1, own)], NOBODY)

    def failures(self, own, other):
        right = [record(3, 1, 1, own)]
        for how, why in (("none", "does not offer it"),
                         ("refused", "454 not now"),
                         ("nonsense", "handshake failed"),
                         ("hangs", "took too long")):
            self.row(how, own, right, (LATER, why), how)
        self.row("unusable", own, unusable(own), TLS)
        self.row("unusablenone", own, unusable(own),
                 (LATER, "does not offer it"), "none")
        self.row("mixed", own, [*unusable(own), record(3, 1, 1, other)],
                 NOBODY)
        # without records nothing is asked
        self.row("without", own, [], TLS)
        self.row("withoutnone", own, [], CLEAR, "none")
        self.row("withoutsense", own, [], CLEAR, "nonsense")

    def ways(self, own, other):
        """What the DNS makes of it."""
        wrong = [record(3, 1, 1, other)]
        # an unsigned zone proves nothing
        self.row("wrong", own, wrong, TLS, zone="plain")
        # nor do records of a secure host that an insecure MX names
        self.zones["plain"] += ["detour MX 10 wrong.mx.good."]
        self.rows["detour.plain"] = TLS
        # signatures that are too old, or wrong
        self.row("any", own, [record(3, 1, 1, own)], BOGUS,
                 zone="old")
        self.row("tlsa", own, wrong, NO_ANSWER, zone="bent")
        self.tampered["bent"].add((wrong[0].split()[3],
                                   record(3, 1, 1, own).split()[3]))
        self.row("mx", own, [record(3, 1, 1, own)], BOGUS,
                 zone="bent")
        self.tampered["bent"].add(("10 mx.mx.bent.", "11 mx.mx.bent."))
        # the next exchanger is asked
        self.row("second", own, [record(3, 1, 1, own)], DANE)
        self.zones["good"] += ["second MX 5 wrong.mx"]
        self.aliases(own, other)

    def aliases(self, own, other):
        """RFC 7672 2.2.2: by where CNAMEs lead, then by the name itself."""
        for name, record_of, alias_to in (
                ("led", "real.led", "real.led"),
                ("named", "alias.named", "real.named"),
                ("out", "alias.out", "away.plain.")):
            server = self.server(f"{name}.good", own)
            self.zones["good"] += [f"{name} MX 10 alias.{name}",
                                   f"alias.{name} CNAME {alias_to}"]
            if name == "out":
                self.zones["plain"] += [f"away A {server.addr}"]
            else:
                self.zones["good"] += [f"{alias_to} A {server.addr}"]
            self.records("good", record_of, self.port, [record(3, 1, 1, own)])
            self.rows[f"{name}.good"] = DANE
        # records of where it leads count, and no others
        self.records("good", "alias.led", self.port, [record(3, 1, 1, other)])


@pytest.fixture(name="cases", scope="module")
def all_cases(tmp_path_factory):
    cases = Cases(tmp_path_factory.mktemp("dane"))
    yield cases
    cases.close()


@pytest.fixture(name="lab", scope="module")
def one_lab(cases):
    with cases.lab() as lab:
        yield lab


def conf(cases, lab, more=""):
    """All exchangers have that one port."""
    cases.routes = [f"route any to mx port {cases.port}\n"]
    return cases.conf(lab, more)


def test_verdicts(cases, lab, tmp_path):
    cases.forget()
    with Postern(tmp_path, conf(cases, lab)) as postern:
        postern.wait_event("resolver-validates")
        assert cases.run(postern) == {}


def test_off(cases, lab, tmp_path):
    """dane off, and routes that say otherwise: nobody asks for records."""
    cases.forget()
    more = f"dane off\nroute domain mixed.good to mx port {cases.port} " \
        "tls none\n"
    with Postern(tmp_path, conf(cases, lab, more)) as postern:
        for domain in ("wrong.good", "mixed.good"):
            send(postern, domain)
        wait_for(lambda: len(postern.events("delivered")) == 2)
    (session, _), = cases.servers["mixed.good"].taken
    assert session is None
    (session, _), = cases.servers["wrong.good"].taken
    assert session.startswith("TLSv1.3 ")


def test_a_connection_is_used_again_by_those_it_was_made_for(
        cases, lab, tmp_path):
    cases.forget()
    server = cases.servers["ee11.good"]
    before = server.connections
    with Postern(tmp_path, conf(cases, lab)) as postern:
        for n in range(3):
            send(postern, "ee11.good")
            wait_for(lambda n=n: len(postern.events("delivered")) == n + 1)
    assert server.connections == before + 1


def test_tls_dies(cases, lab, tmp_path):
    """Its process killed in the handshake and in the body: nothing in clear
    text, nothing lost, and all of it comes when it may."""
    held, go_on = [], threading.Event()
    files = [cases.folder / "own.pem", cases.folder / "own.key"]

    def slow(peer):
        peer.say(FINE["greeting"])
        while True:
            verb = peer.hear().split(" ")[0].split(":")[0].lower()
            if verb == "starttls":
                peer.say("220 go")
                secure(peer, server_context(files))
            elif verb == "data" and not go_on.is_set():
                held.append(isinstance(peer.sock, ssl.SSLSocket))
                peer.say("354 go on")
                go_on.wait()
                raise Hangup
            elif verb == "data":
                peer.say("354 go on")
                peer.server.bodies.append(
                    (isinstance(peer.sock, ssl.SSLSocket), peer.body()))
                peer.say("250 2.0.0 taken")
            else:
                peer.say(OFFER if verb == "ehlo" else FINE[verb])

    cases.forget()
    hangs = cases.servers["hangs.good"]
    cases.servers["ee11.good"].__exit__(ValueError)
    with Scripted(slow, addr=cases.servers["ee11.good"].addr,
                  port=cases.port) as server:
        settings = conf(cases, lab).replace("handshake 2s", "handshake 60s")
        with Postern(tmp_path, settings) as postern:
            send(postern, "ee11.good", (b"x" * 60 + b"\r\n") * 100000)
            send(postern, "hangs.good")
            wait_for(lambda: held)
            wait_for(lambda: "STARTTLS" in hangs.verbs())
            os.kill(postern.child("postern-tls-client"), signal.SIGKILL)
            wait_for(lambda: len(postern.events("deferred")) == 2)
            assert held == [True] and hangs.taken == []
            assert hangs.verbs().count("EHLO") == 1
            assert "MAIL" not in hangs.verbs()
            go_on.set()

            def came():
                # an order that comes before the result is written finds
                # nothing that waits
                postern.tool("retry", "--all")
                return server.bodies

            wait_for(came, what="the message, again")
            assert server.bodies[0][0]
            assert server.bodies[0][1].count(b"x" * 60) == 100000
    assert hangs.taken == []
