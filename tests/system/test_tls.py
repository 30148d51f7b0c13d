# SPDX-License-Identifier: ISC
# tests/system/test_tls.py - TLS for clients: what is spoken, what ends it.
#
# smtpd and tls as processes, with Python's and OpenSSL's clients.
"""STARTTLS, TLS from the first byte, and every way for it to end."""

import hashlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import harness  # noqa: E402
import rights  # noqa: E402
import tlskit  # noqa: E402
from harness import Postern, Sink, wait_for  # noqa: E402
from tlskit import Pair, TlsClient  # noqa: E402

WORKERS = "workers smtpd 1\nworkers deliver 1\nworkers tls 1\n"
LIMIT = 6  # seconds for a handshake; others' programs are slow to begin one


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

    def stores(self, n):
        """Until so many are; the log may come a moment after the 250."""
        wait_for(lambda: self.stored() >= n, what="the line of a message")
        assert self.stored() == n


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


# --- what is spoken -----------------------------------------------------------

def test_mail_through_tls_is_exact(suite):
    """10 MiB of any bytes but the line ends', and a dot at each line's start;
    the trace header tells protocol and cipher."""
    lines = [b".%d " % i + bytes(range(1, 256)).replace(b"\r", b"").replace(
        b"\n", b"") for i in range(42000)]
    body = b"Subject: exact\r\n\r\n" + b"\r\n".join(lines) + b"\r\n"
    assert len(body) > 10 * 1024 * 1024
    with TlsClient(suite, suite.tls_port, implicit=True) as c:
        c.envelope()
        c.send(body.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        assert c.reply().startswith("250 2.0.0")
        protocol, cipher = c.facts()
    got = wait_for(lambda: [m for m in messages(suite)
                            if len(m) > len(body)], what="delivery")[0]
    assert hashlib.sha256(got[-len(body):]).digest() == \
        hashlib.sha256(body).digest()
    trace = got[:-len(body)].decode().replace("\r\n\t", " ")
    assert f"with ESMTPS ({protocol} {cipher}) id " in trace
    wait_for(lambda: any(f'protocol="{protocol}" cipher="{cipher}"' in line
                         for line in suite.postern.events("tls")),
             what="the log line")


def messages(suite):
    return [path.read_bytes() for path in suite.kept.glob("*.eml")]


LEGACY = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
REFUSED = {
    "TLS 1.0": {"ciphers": LEGACY, "minimum_version": ssl.TLSVersion.TLSv1,
                "maximum_version": ssl.TLSVersion.TLSv1},
    "TLS 1.1": {"ciphers": LEGACY, "minimum_version": ssl.TLSVersion.TLSv1,
                "maximum_version": ssl.TLSVersion.TLSv1_1},
    "without forward secrecy": {
        "ciphers": "AES128-GCM-SHA256:AES256-GCM-SHA384",
        "maximum_version": ssl.TLSVersion.TLSv1_2},
    "CBC": {"ciphers": "ECDHE+AES+SHA1:ECDHE+SHA256+AES:ECDHE+SHA384+AES:"
                       "!AESGCM:!AESCCM",
            "maximum_version": ssl.TLSVersion.TLSv1_2},
    "anonymous": {"ciphers": "aNULL:@SECLEVEL=0",
                  "maximum_version": ssl.TLSVersion.TLSv1_2},
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("what", REFUSED)
def test_refused(suite, what):
    with TlsClient(suite, start=False,
                   ctx=tlskit.context(**REFUSED[what])) as c:
        c.say("EHLO c.example")
        assert c.say("STARTTLS").startswith("220")
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            c.wrap()


SPOKEN = {
    "TLSv1.2": {"maximum_version": ssl.TLSVersion.TLSv1_2},
    "TLSv1.3": {"minimum_version": ssl.TLSVersion.TLSv1_3},
}


@pytest.mark.parametrize("protocol", SPOKEN)
def test_spoken(suite, protocol):
    with TlsClient(suite, ctx=tlskit.context(**SPOKEN[protocol])) as c:
        assert c.facts()[0] == protocol
        assert c.mail().startswith("250")


def test_a_floor_of_1_3(tmp_path):
    pair = Pair(tmp_path, "mx")
    with Postern(tmp_path, WORKERS + pair.statement() +
                 "tls protocols 1.3\nroute any to mx\n") as p:
        with TlsClient(p) as c:
            assert c.facts()[0] == "TLSv1.3"
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            TlsClient(p, ctx=tlskit.context(**SPOKEN["TLSv1.2"]))


def test_no_renegotiation(suite):
    """OpenSSL's client asks for it with a line "R", and takes nothing else
    then: the greeting comes before."""
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{suite.tls_port}",
         "-tls1_2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    said = []

    def hear(words):
        while words not in "".join(said):
            said.append(client.stdout.readline())
            assert said[-1], "".join(said)

    try:
        hear("\n220 ")
        client.stdin.write("R\n")
        client.stdin.flush()
        hear("no renegotiation")
        assert "RENEGOTIATING\n" in said
    finally:
        client.kill()
        client.communicate()


@pytest.mark.parametrize("option", ["--tls", "--tls-on-connect"])
@pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks")
def test_swaks(suite, option):
    port = suite.tls_port if "connect" in option else suite.port
    n = suite.stored()
    done = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--port", str(port), option,
         "--from", "a@c.example", "--to", "b@d.example", "--helo",
         "c.example"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert "=== TLS started with cipher TLSv1.3:" in done.stdout
    suite.stores(n + 1)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl")
def test_curl(suite):
    n = suite.stored()
    done = subprocess.run(
        ["curl", "-sS", "--insecure", "--ssl-reqd", "--url",
         f"smtp://127.0.0.1:{suite.port}/c.example", "--mail-from",
         "a@c.example", "--mail-rcpt", "b@d.example", "-T", "-"],
        input="Subject: curl\r\n\r\nhello\r\n", capture_output=True, text=True,
        timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    suite.stores(n + 1)


# --- the switch -----------------------------------------------------------------

@pytest.mark.parametrize("behind", [b"EHLO evil.example\r\n", b"\r\n", b"x",
                                    b"MAIL FROM:<evil@c.example>\r\n"])
def test_bytes_behind_starttls(suite, behind):
    """CVE-2011-0411: 554, and the end."""
    with socket.create_connection((suite.addr, suite.port), 20) as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"EHLO c.example\r\n")
        while f.readline()[3:4] == b"-":
            pass
        s.sendall(b"STARTTLS\r\n" + behind)
        assert f.readline().startswith(b"554 5.5.1 ")
        assert f.read() == b""


def test_clear_text_after_the_answer(suite):
    """Sent late enough not to be read with STARTTLS: not TLS, so no answer."""
    n = suite.stored()
    with TlsClient(suite, start=False) as c:
        c.say("EHLO c.example")
        c.say("STARTTLS")
        c.send("MAIL FROM:<a@c.example>\r\n")
        answer = c.plain.recv(1000)
        assert not answer or answer[0] == 0x15  # an alert of TLS
        assert b"250" not in answer
    wait_for(lambda: any("how=error" in line for line in
                         suite.postern.events("tls-failed")), what="the log")
    assert suite.stored() == n


def test_hello_on_a_clear_port(suite):
    """And SMTP on one of TLS: neither is answered."""
    with pytest.raises((ssl.SSLError, OSError)):
        tlskit.context().wrap_socket(socket.create_connection(
            (suite.addr, suite.port), 20))
    with socket.create_connection((suite.addr, suite.tls_port), 20) as s:
        s.sendall(b"EHLO c.example\r\n")
        assert b"250" not in s.recv(1000)


def test_a_handshake_that_hangs(suite):
    n = len(suite.postern.events("tls-failed"))
    with TlsClient(suite, start=False) as c:
        c.say("EHLO c.example")
        c.say("STARTTLS")
        c.send(b"\x16\x03\x01")  # the start of a hello, and no more
        c.plain.settimeout(LIMIT + 20)
        assert c.plain.recv(100) == b""
    # of the client before, the word may come only now
    wait_for(lambda: any("how=late" in line for line in
                         suite.postern.events("tls-failed")[n:]),
             what="the log of it")
    with TlsClient(suite) as c:
        assert c.mail().startswith("250")


# --- the end --------------------------------------------------------------------

def at_greeting(c):
    del c


def in_transaction(c):
    c.say("EHLO c.example")
    c.say("MAIL FROM:<a@c.example>")


def in_data(c):
    c.envelope()
    c.send(b"Subject: half\r\n\r\nno dot\r\n" * 1000)


def before_the_last_crlf(c):
    c.envelope()
    c.send(b"Subject: nearly\r\n\r\ntext\r\n.\r")


PHASES = [at_greeting, in_transaction, in_data, before_the_last_crlf]


@pytest.mark.parametrize("end", ["notify", "cut"])
@pytest.mark.parametrize("phase", PHASES)
def test_end_in(suite, phase, end):
    """Neither way makes a message of what had no dot."""
    n = suite.stored()
    c = TlsClient(suite, suite.tls_port, implicit=True)
    phase(c)
    getattr(c, end)()
    c.close()
    with TlsClient(suite) as after:
        assert after.mail().startswith("250")
    suite.stores(n + 1)
    wait_for(lambda: not sockets_of(suite), what="no session to be left")


def sockets_of(suite):
    """Connections of clients that some process of the suite still has."""
    held = rights.collections.Counter()
    for name in ("tls", "smtpd"):
        for pid in suite.postern.children()[name]:
            held += rights.descriptors(pid, suite.postern)
    return held["tcp"] + held["unix stream"]


@pytest.mark.parametrize("end", ["notify", "cut"])
def test_end_behind_a_whole_message(suite, end):
    """Its dot was sent: it is taken, whoever hears of it."""
    n = suite.stored()
    c = TlsClient(suite)
    c.envelope()
    c.send(b"Subject: whole\r\n\r\ntext\r\n.\r\n")
    getattr(c, end)()
    c.close()
    wait_for(lambda: suite.stored() == n + 1, what="the message")


def test_quit_is_answered_by_close_notify(suite):
    """Not by a cut: a client could take that for an attack."""
    with TlsClient(suite) as c:
        c.say("EHLO c.example")
        assert c.say("QUIT").startswith("221")
        assert c.socket.recv(100) == b""  # no SSLEOFError


def test_a_client_that_reads_nothing(suite):
    """It neither fills our memory nor holds up others."""
    c = TlsClient(suite)
    c.say("EHLO c.example")
    c.socket.settimeout(2)
    with pytest.raises((ssl.SSLError, OSError)):
        for _ in range(10000):
            c.send(b"NOOP\r\n" * 10000)
    before = memory(suite)
    with TlsClient(suite) as other:
        assert other.mail().startswith("250")
    assert memory(suite) - before < 4096
    c.cut()
    wait_for(lambda: not sockets_of(suite), what="no session to be left")


def memory(suite):
    """Anonymous KiB of tls and smtpd."""
    total = 0
    for name in ("tls", "smtpd"):
        for pid in suite.postern.children()[name]:
            text = harness.read_proc(pid, "status")
            total += int(re.search(r"^RssAnon:\s*(\d+)", text, re.M).group(1))
    return total
