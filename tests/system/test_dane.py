# SPDX-License-Identifier: ISC
# tests/system/test_dane.py - DANE (RFC 7672) against a signed DNS of our own.
#
# Every case is a domain with a server at an address of its own; what came of
# its mail, how it was carried, and what the log says of it.
"""Each verdict of DANE, by what was delivered and logged."""

import hashlib
import os
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1] / "lib"))
sys.path.insert(0, str(HERE.parents[1] / "peers"))
import tlskit  # noqa: E402
from harness import Postern, wait_for  # noqa: E402
from lab import Lab  # noqa: E402
from scripted import FINE, Hangup, Scripted  # noqa: E402
from test_tls_out import (  # noqa: E402
    IN_CLEAR, IN_TLS, LATER, OFFER, certificate, expire, secure, send,
    server_context, starttls)

DANE, NO = "dane", "no"
NOBODY = "no TLSA record matches its certificate"
NO_ANSWER = "no answer for the TLSA records"


def der(files):
    return ssl.PEM_cert_to_DER_cert(files[0].read_text())


def spki(files):
    pem = tlskit.openssl("x509", "-in", files[0], "-pubkey", "-noout")
    return tlskit.openssl("pkey", "-pubin", "-outform", "DER", stdin=pem)


def record(usage, selector, matching, files, spoil=False):
    """The data of a TLSA record, of these files' certificate."""
    data = spki(files) if selector else der(files)
    if matching:
        data = getattr(hashlib, "sha256" if matching == 1 else "sha512")(
            data).digest()
    if spoil:
        data = bytes([data[0] ^ 1]) + data[1:]
    return f"{usage} {selector} {matching} {data.hex()}"


def issued(folder, label, names, authority, *, sends=True):
    """Signed by the authority, whose certificate it sends behind its own."""
    files = [Path(folder) / f"{label}.{kind}" for kind in ("pem", "key")]
    tlskit.openssl("req", "-x509", *tlskit.KINDS["p256"], "-nodes", "-days",
                   "9", "-CA", authority[0], "-CAkey", authority[1],
                   "-subj", "/CN=x", "-addext", f"subjectAltName={names}",
                   "-out", files[0], "-keyout", files[1])
    if sends:
        files[0].write_text(files[0].read_text() + authority[0].read_text())
    return files


class Cases:
    """The servers and their zones; rows are added in make()."""

    def __init__(self, folder):
        self.folder, self.rows, self.servers = folder, {}, {}
        self.zones = {"good": [], "plain": [], "old": [], "bent": []}
        self.tampered = {"bent": []}
        self.port = None
        self.make()

    def server(self, label, files, how=None):
        address = f"127.0.0.{len(self.servers) + 20}"
        made = Scripted(starttls, addr=address, port=self.port or 0, how=how)
        made.ctx, made.ehlos, made.taken = server_context(files), [], []
        self.port = self.port or made.port
        self.servers[label] = made
        return made

    def records(self, zone, name, records):
        self.zones[zone] += [
            f"_{self.port}._tcp.{name} TLSA {record}" for record in records]

    def add(self, name, files, records, want, how=None, zone="good"):
        """name.zone with one server, mx.name.zone; want: how the mail comes,
        how the server is verified or what the log says."""
        server = self.server(f"{name}.{zone}", files, how)
        self.zones[zone] += [f"{name} MX 10 mx.{name}",
                             f"mx.{name} A {server.addr}"]
        self.records(zone, f"mx.{name}", records)
        self.rows[f"{name}.{zone}"] = (server, *want)

    def make(self):
        f = self.folder
        ca = certificate(f, "ca", "DNS:ca", "-days", "9")
        own = certificate(f, "own", "DNS:nobody", "-days", "9")
        other = certificate(f, "other", "DNS:nobody", "-days", "9")
        old = expire(certificate(f, "old", "DNS:nobody", "-days", "9"))
        ok, no = (IN_TLS, DANE), (LATER, NOBODY)
        for usage, selector, matching in (
                (3, 0, 0), (3, 0, 1), (3, 0, 2), (3, 1, 0), (3, 1, 1),
                (3, 1, 2)):
            self.add(f"ee{selector}{matching}", own,
                     [record(usage, selector, matching, own)], ok)
        self.add("expired", old, [record(3, 1, 1, old)], ok)
        self.add("rollover", own, [record(3, 1, 1, other),
                                   record(3, 1, 1, own)], ok)
        self.add("wrong", own, [record(3, 1, 1, other)], no)
        self.add("spoilt", own, [record(3, 0, 0, own, spoil=True)], no)
        # the strongest digest speaks, RFC 7671 9
        self.add("agile", own, [record(3, 1, 1, own),
                                record(3, 1, 2, other)], no)
        self.authorities(ca, own)
        self.failures(own, other)
        self.ways(own, other)

    def authorities(self, ca, own):
        f, ok = self.folder, (IN_TLS, DANE)
        for selector, matching in ((0, 0), (0, 1), (1, 1), (1, 2)):
            name = f"ta{selector}{matching}"
            files = issued(f, name, f"DNS:mx.{name}.good", ca)
            self.add(name, files, [record(2, selector, matching, ca)], ok)
        files = issued(f, "taunsent", "DNS:mx.taunsent.good", ca, sends=False)
        self.add("taunsent", files, [record(2, 0, 0, ca)], ok)
        files = issued(f, "tadomain", "DNS:tadomain.good", ca)
        self.add("tadomain", files, [record(2, 0, 1, ca)], ok)
        files = issued(f, "taname", "DNS:other.good", ca)
        self.add("taname", files, [record(2, 0, 1, ca)],
                 (LATER, "hostname mismatch"))
        files = issued(f, "taother", "DNS:mx.taother.good", ca)
        self.add("taother", files, [record(2, 0, 1, own)], (LATER, NOBODY))
        # an authority is not the server's own certificate
        self.add("taself", own, [record(2, 0, 1, own)], (LATER, NOBODY))

    def failures(self, own, other):
        right = [record(3, 1, 1, own)]
        unusable = [record(1, 1, 1, own), record(3, 7, 1, own),
                    record(3, 1, 9, own), "3 1 1 abcd"]
        for how, why in (("none", "does not offer it"),
                         ("refused", "454 not now"),
                         ("nonsense", "handshake failed"),
                         ("hangs", "took too long")):
            self.add(how, own, right, (LATER, why), how)
        self.add("unusable", own, unusable, (IN_TLS, NO))
        self.add("unusablenone", own, unusable,
                 (LATER, "does not offer it"), "none")
        self.add("mixed", own, [*unusable, record(3, 1, 1, other)],
                 (LATER, NOBODY))
        # without records nothing is asked
        self.add("without", own, [], (IN_TLS, NO))
        self.add("withoutnone", own, [], (IN_CLEAR, None), "none")
        self.add("withoutsense", own, [], (IN_CLEAR, None), "nonsense")

    def ways(self, own, other):
        """What the DNS makes of it."""
        wrong = [record(3, 1, 1, other)]
        # an unsigned zone proves nothing
        self.add("wrong", own, wrong, (IN_TLS, NO), zone="plain")
        # nor do records of a secure host that an insecure MX names
        self.zones["plain"] += ["detour MX 10 mx.wrong.good."]
        self.rows["detour.plain"] = (self.servers["wrong.good"], IN_TLS, NO)
        # signatures that are too old, or wrong
        self.add("any", own, [record(3, 1, 1, own)], (LATER, "SERVFAIL"),
                 zone="old")
        self.add("tlsa", own, wrong, (LATER, NO_ANSWER), zone="bent")
        self.tampered["bent"] += [
            (record(3, 1, 1, other).split()[3], hashlib.sha256(
                spki(own)).hexdigest())]
        self.add("mx", own, [record(3, 1, 1, own)], (LATER, "SERVFAIL"),
                 zone="bent")
        self.tampered["bent"] += [("10 mx.mx.bent.", "11 mx.mx.bent.")]
        # the next exchanger is asked
        self.add("second", own, [record(3, 1, 1, own)], (IN_TLS, DANE))
        self.zones["good"] += ["second MX 5 mx.wrong"]
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
            self.records("good", record_of, [record(3, 1, 1, own)])
            self.rows[f"{name}.good"] = (server, IN_TLS, DANE)
        # records of where it leads count, and no others
        self.records("good", "alias.led", [record(3, 1, 1, other)])

    def lab(self):
        text = {zone: "\n".join(lines) for zone, lines in self.zones.items()}
        return Lab(self.folder / "lab",
                   {"good": text["good"], "bent": text["bent"]},
                   {"plain": text["plain"]}, {"old": text["old"]},
                   self.tampered)

    def close(self):
        for server in self.servers.values():
            server.__exit__(ValueError)


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
    return ("workers smtpd 1\nworkers deliver 1\nlimit tls handshake 2s\n"
            "limit connections 1000\n"
            f"resolver 127.0.0.1 port {lab.resolver.port}\n"
            "mx addresses allow 127.0.0.0/8\n"
            f"{more}route any to mx port {cases.port}\n")


def fate(postern, domain):
    """The line of what became of the one message there."""
    lines = [e for word in ("delivered", "deferred", "bounced")
             for e in postern.events(word) if f"b@{domain}" in e]
    return lines and lines[-1]


def forget(cases):
    for server in cases.servers.values():
        server.taken.clear()
        server.heard.clear()


def test_verdicts(cases, lab, tmp_path):
    forget(cases)
    with Postern(tmp_path, conf(cases, lab)) as postern:
        postern.wait_event("resolver-validates")
        for domain in cases.rows:
            send(postern, domain, f"Subject: {domain}\r\n\r\nx\r\n".encode())
        wait_for(lambda: all(fate(postern, d) for d in cases.rows),
                 what="a fate for each")
        got, want = {}, {}
        for domain, (_, how, word) in cases.rows.items():
            carried = [inside for server in cases.servers.values()
                       for inside, body in server.taken
                       if f"Subject: {domain}\r".encode() in body]
            line = fate(postern, domain)
            got[domain] = (LATER if "deferred " in line else
                           IN_TLS if carried == [True] else
                           IN_CLEAR if carried == [False] else carried)
            want[domain] = how
            if how == LATER:
                want[domain] = how if word in line else (word, line)
                assert not carried
            elif how == IN_TLS:
                want[domain] = how if f' {word}"' in line else (word, line)
        assert {d: (got[d], want[d]) for d in got if got[d] != want[d]} == {}


def test_off(cases, lab, tmp_path):
    """dane off, and routes that say otherwise: nobody asks for records."""
    forget(cases)
    more = f"dane off\nroute domain mixed.good to mx port {cases.port} " \
        "tls none\n"
    with Postern(tmp_path, conf(cases, lab, more)) as postern:
        for domain in ("wrong.good", "mixed.good"):
            send(postern, domain)
        wait_for(lambda: len(postern.events("delivered")) == 2)
    assert [inside for inside, _ in cases.servers["mixed.good"].taken] == [False]
    assert [inside for inside, _ in cases.servers["wrong.good"].taken] == [True]


def test_a_connection_is_used_again_by_those_it_was_made_for(
        cases, lab, tmp_path):
    forget(cases)
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

    forget(cases)
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
