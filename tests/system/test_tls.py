# SPDX-License-Identifier: ISC
# tests/system/test_tls.py - TLS for clients: what is spoken, what ends it.
#
# smtpd and tls as processes, with Python's and OpenSSL's clients.
"""STARTTLS, TLS from the first byte, and every way for it to end."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import harness  # noqa: E402
import tlskit  # noqa: E402
from harness import Postern, Sink  # noqa: E402
from tlskit import Pair, TlsClient  # noqa: E402

WORKERS = "workers smtpd 1\nworkers deliver 1\nworkers tls 1\n"
LIMIT = 2  # seconds for a handshake


class Suite:
    """A postern with a certificate, a sink, and a port of implicit TLS."""

    def __init__(self, folder):
        self.pair = Pair(folder, "mx", "relay.example")
        self.kept = folder / "kept"
        self.kept.mkdir()
        self.sink = Sink(folder, "-S", self.kept)
        self.tls_port = harness.free_port()
        self.postern = Postern(
            folder, WORKERS + self.pair.statement() +
            f"limit tls handshake {LIMIT}s\nlimit message size 20M\n"
            f"listen on 127.0.0.1 port {self.tls_port} tls\n" +
            self.sink.route())
        self.addr, self.port = self.postern.addr, self.postern.port

    def stop(self):
        try:
            assert self.postern.stop() == 0
        finally:
            self.sink.stop()

    def stored(self):
        return len(self.postern.events("queued"))


@pytest.fixture(name="suite", scope="module")
def one_suite(tmp_path_factory):
    suite = Suite(tmp_path_factory.mktemp("tls"))
    yield suite
    suite.stop()


def test_starttls(suite):
    with TlsClient(suite, start=False) as c:
        assert "STARTTLS" in c.say("EHLO before.example")
        assert c.say("STARTTLS").startswith("220 2.0.0 ")
        c.wrap()
        # nothing said before it survives
        assert c.say("MAIL FROM:<a@c.example>").startswith("503 5.5.1")
        assert "STARTTLS" not in c.say("EHLO c.example")
        assert c.say("STARTTLS").startswith("503 5.5.1")
        assert c.certificate() == suite.pair.der()
        assert c.mail().startswith("250 2.0.0")
        assert c.say("QUIT").startswith("221")
        assert c.at_end()


def test_forgets_the_transaction(suite):
    """In one it is out of order; what stood before it is gone after it."""
    with TlsClient(suite, start=False) as c:
        c.say("EHLO before.example")
        c.say("MAIL FROM:<a@c.example>")
        assert c.say("STARTTLS").startswith("503 5.5.1")
        c.say("RSET")
        assert c.say("STARTTLS now").startswith("501 5.5.4")
        assert c.say("STARTTLS").startswith("220")
        c.wrap()
        assert c.say("RCPT TO:<b@d.example>").startswith("503")
        assert c.say("HELO c.example").startswith("250")


def test_implicit(suite):
    with TlsClient(suite, suite.tls_port, implicit=True) as c:
        assert c.greeting.startswith("220 relay.example")
        assert "STARTTLS" not in c.say("EHLO c.example")
        assert c.mail().startswith("250 2.0.0")


def test_not_offered_without_certificate(tmp_path):
    with Postern(tmp_path, WORKERS + "route any to mx\n") as p:
        assert "tls" not in p.children()
        with TlsClient(p, start=False) as c:
            assert "STARTTLS" not in c.say("EHLO c.example")
            assert c.say("STARTTLS").startswith("502 5.5.1")
