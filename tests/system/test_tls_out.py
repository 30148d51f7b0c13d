# SPDX-License-Identifier: ISC
# tests/system/test_tls_out.py - TLS for what is sent: each policy against
# servers of all kinds, OpenSSL's s_server among them.
#
# A route per (server, policy); what the server saw, and what queue was told.
"""STARTTLS and TLS from the first byte, with every way for it to fail."""

import os
import signal
import socket
import ssl
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import tlskit  # noqa: E402
from harness import Postern, wait_for  # noqa: E402
from scripted import FINE, Hangup, Scripted, good  # noqa: E402

OFFER = "250-sink.example\r\n250-SIZE 0\r\n250-STARTTLS\r\n250 8BITMIME"
WORKERS = "workers smtpd 1\nworkers deliver 1\nlimit tls handshake 2s\n"
POLICIES = ("none", "opportunistic", "required", "verify", "")
BODY = b"Subject: secret\r\n\r\nhello\r\n"


def certificate(folder, label, names, *more):
    """Self-signed, and so an authority of its own."""
    files = [Path(folder) / f"{label}.{kind}" for kind in ("pem", "key")]
    tlskit.openssl("req", "-x509", *tlskit.KINDS["p256"], "-nodes", *more,
                   "-subj", "/CN=x", "-addext", f"subjectAltName={names}",
                   "-out", files[0], "-keyout", files[1])
    return files


def expire(files):
    """The same certificate, of yesterday."""
    tlskit.openssl("x509", "-in", files[0], "-signkey", files[1], "-days",
                   "-1", "-out", files[0].with_suffix(".old"))
    files[0].with_suffix(".old").rename(files[0])
    return files


def server_context(files):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(*files)
    return ctx


def secure(peer, ctx):
    peer.file.close()
    peer.sock = ctx.wrap_socket(peer.sock, server_side=True)
    peer.file = peer.sock.makefile("rb")


# OpenSSL's own server behind the 220: with which options
OPENSSL = {"s_server": (),
           "s_server old": ("-tls1", "-cipher", "DEFAULT@SECLEVEL=0")}


def speak(peer, server, how=None):
    """A session after its greeting; bodies are kept by what carried them."""
    while True:
        line = peer.hear()
        verb = line.split(" ")[0].split(":")[0].lower()
        inside = isinstance(peer.sock, (ssl.SSLSocket, tlskit.SServer))
        if verb == "ehlo":
            server.ehlos.append(inside)
            peer.say(OFFER.replace("250-STARTTLS\r\n", "")
                     if inside or how == "none" else OFFER)
        elif verb == "starttls":
            if how == "refused":
                peer.say("454 4.7.0 not now")
                continue
            if how == "injected":
                peer.say(b"220 go\r\n250 more\r\n")
                time.sleep(0.2)
                raise Hangup
            peer.say("220 go")
            if how == "behind":
                time.sleep(0.1)
                peer.say("250-sink.example\r\n250 8BITMIME")
                while peer.sock.recv(65536):
                    pass
                raise Hangup
            if how == "hangs":
                peer.sock.recv(1)
                while peer.sock.recv(65536):
                    pass
                raise Hangup
            if how == "nonsense":
                peer.sock.recv(65536)
                peer.say(b"this is not TLS at all\r\n")
                raise Hangup
            if how in OPENSSL:
                peer.sock = tlskit.SServer(peer.sock, server.files,
                                           *OPENSSL[how])
                peer.file = peer.sock.file
                server.ended.append(peer.sock.end)
            else:
                secure(peer, server.ctx)
        elif verb == "data":
            peer.say("354 go on")
            server.taken.append((inside, peer.body()))
            peer.say("250 2.0.0 taken")
        else:
            peer.say(FINE.get(verb, "500 5.5.1 what?"))
            if verb == "quit":
                return


def starttls(peer, how=None):
    peer.say(FINE["greeting"])
    speak(peer, peer.server, how)


def implicit(peer):
    secure(peer, peer.server.ctx)
    peer.say(FINE["greeting"])
    speak(peer, peer.server)


IN_TLS, IN_CLEAR, LATER = "in tls", "in clear", "later"
# server: what it does, its certificate, and what comes of it by policy
SERVERS = {
    "fine": (None, "good", (IN_CLEAR, IN_TLS, IN_TLS, IN_TLS)),
    "none": ("none", "good", (IN_CLEAR, IN_CLEAR, LATER, LATER)),
    "refused": ("refused", "good", (IN_CLEAR, IN_CLEAR, LATER, LATER)),
    "injected": ("injected", "good", (IN_CLEAR, LATER, LATER, LATER)),
    # in a segment of their own they are what the handshake fails by
    "behind": ("behind", "good", (IN_CLEAR, IN_CLEAR, LATER, LATER)),
    "hangs": ("hangs", "good", (IN_CLEAR, LATER, LATER, LATER)),
    "nonsense": ("nonsense", "good", (IN_CLEAR, IN_CLEAR, LATER, LATER)),
    "name": (None, "name", (IN_CLEAR, IN_TLS, IN_TLS, LATER)),
    "expired": (None, "expired", (IN_CLEAR, IN_TLS, IN_TLS, LATER)),
    "stranger": (None, "stranger", (IN_CLEAR, IN_TLS, IN_TLS, LATER)),
    "old": ("old", "good", (IN_CLEAR, IN_CLEAR, LATER, LATER)),
    "o-fine": ("s_server", "good", (IN_CLEAR, IN_TLS, IN_TLS, IN_TLS)),
    "o-name": ("s_server", "name", (IN_CLEAR, IN_TLS, IN_TLS, LATER)),
    "o-expired": ("s_server", "expired", (IN_CLEAR, IN_TLS, IN_TLS, LATER)),
    "o-stranger": ("s_server", "stranger", (IN_CLEAR, IN_TLS, IN_TLS, LATER)),
    "o-old": ("s_server old", "good", (IN_CLEAR, IN_CLEAR, LATER, LATER)),
}
# with which words it waits
SPOILT = 'status=4.7.5 text="no TLS: handshake failed: '
WORDS = {
    "none": 'status=4.7.5 text="no TLS: the server does not offer it"',
    "refused": 'status=4.7.5 text="no TLS: the server answered STARTTLS '
               'with 454 not now"',
    "injected": 'status=4.4.2 text="bytes behind the reply to STARTTLS',
    "behind": SPOILT,
    "hangs": 'status=4.7.5 text="no TLS: the handshake took too long"',
    "nonsense": SPOILT,
    "name": SPOILT + "name `127.0.0.1' not present in server certificate\"",
    "expired": SPOILT + 'certificate verification failed: certificate has '
               'expired"',
    "stranger": SPOILT + "certificate verification failed: self-signed",
    "old": SPOILT,
}


class Suite:
    def __init__(self, folder):
        self.folder = folder
        ip = "IP:127.0.0.1"
        self.files = {
            "good": certificate(folder, "good", ip, "-days", "9"),
            "name": certificate(folder, "name", "DNS:other.example",
                                "-days", "9"),
            "expired": expire(
                certificate(folder, "expired", ip, "-days", "9")),
            "stranger": certificate(folder, "stranger", ip, "-days", "9"),
        }
        bundle = folder / "ca.pem"
        bundle.write_text("".join(
            self.files[n][0].read_text()
            for n in ("good", "name", "expired")))
        self.servers, lines = {}, []
        for name, (how, label, _) in SERVERS.items():
            server = Scripted(starttls, how=how)
            server.ctx = server_context(self.files[label])
            server.files = self.files[label]
            if how == "old":
                server.ctx.minimum_version = ssl.TLSVersion.TLSv1
                server.ctx.maximum_version = ssl.TLSVersion.TLSv1_1
            self.servers[name] = server
        self.implicit = Scripted(implicit)
        self.implicit.ctx = server_context(self.files["good"])
        self.servers["implicit"] = self.implicit
        for server in self.servers.values():
            server.ehlos, server.taken, server.ended = [], [], []
        self.lines = lines
        self.conf = WORKERS + f'tls ca "{bundle}"\n'

    def routes(self, policy):
        """All servers under one policy, and one with TLS at once."""
        made = [f'route domain {name}.example to host "[127.0.0.1]" '
                f"port {server.port}" + (policy and f" tls {policy}")
                for name, server in self.servers.items() if name != "implicit"]
        made.append('route domain implicit.example to host "[127.0.0.1]" '
                    f"port {self.implicit.port} tls verify immediate")
        return self.conf + "\n".join(made) + "\n"


@pytest.fixture(name="suite", scope="module")
def one_suite(tmp_path_factory):
    suite = Suite(tmp_path_factory.mktemp("tls_out"))
    yield suite
    for server in suite.servers.values():
        for end in server.ended:
            end()
        server.__exit__(ValueError)


def send(postern, domain, body=BODY):
    with socket.create_connection((postern.addr, postern.port), 20) as s:
        f = s.makefile("rb")
        for line in (None, b"EHLO c.example", b"MAIL FROM:<a@c.example>",
                     b"RCPT TO:<b@" + domain.encode() + b">", b"DATA",
                     body + b".", b"QUIT"):
            if line is not None:
                s.sendall(line + b"\r\n")
            got = f.readline()
            while got[3:4] == b"-":
                got = f.readline()
            assert got[:1] in b"23", got


def outcome(postern, server, domain):
    """Waits for what became of the one message there."""
    def lines():
        return [e for word in ("delivered", "deferred", "bounced")
                for e in postern.events(word) if f"@{domain}" in str(e)]

    wait_for(lines, what=f"an outcome at {domain}")
    if server.taken:
        return (IN_TLS if server.taken[-1][0] else IN_CLEAR), str(lines()[-1])
    assert postern.events("deferred"), lines()
    return LATER, str(lines()[-1])


@pytest.mark.parametrize("policy", POLICIES)
def test_policy(suite, tmp_path, policy):
    """Every server under this policy: how the mail came, or that it waits."""
    column = POLICIES.index(policy or "opportunistic")  # which is usual
    for server in suite.servers.values():
        server.ehlos.clear()
        server.taken.clear()
    with Postern(tmp_path, suite.routes(policy)) as postern:
        for name in SERVERS:
            send(postern, f"{name}.example")
        got, want = {}, {}
        for name, (_, _, verdicts) in SERVERS.items():
            how, line = outcome(postern, suite.servers[name],
                                f"{name}.example")
            got[name], want[name] = how, verdicts[column]
            if how == LATER:
                assert WORDS[name.removeprefix("o-")] in line, line
        assert got == want
        fine = suite.servers["fine"]
        # what was said in clear text is forgotten: EHLO again
        assert fine.ehlos == ([False] if policy == "none" else [False, True])
        assert fine.taken[0][1].endswith(BODY)
        if policy != "none":
            line = postern.wait_event("tls")
            assert "TLSv1.3" in str(line)
            how = "name" if policy == "verify" else "no"
            told = f"TLSv1.3 TLS_AES_256_GCM_SHA384 {how}"
            assert any(f'tls="{told}"' in line
                       for line in postern.events("delivered"))
            wait_for(lambda: f"[127.0.0.1] ({told}): 250" in postern.tool(
                "trace", "b@fine.example"), what="trace to say it")
            assert told in postern.tool(
                "sql", "SELECT tls FROM event WHERE kind = 'delivered'")


def test_implicit(suite, tmp_path):
    """From the first byte, verified; and a kept connection is used again."""
    suite.implicit.taken.clear()
    before = suite.implicit.connections
    with Postern(tmp_path, suite.routes("none")) as postern:
        for n in range(2):
            send(postern, "implicit.example")
            wait_for(lambda n=n: len(postern.events("delivered")) == n + 1)
        assert [inside for inside, _ in suite.implicit.taken] == [True] * 2
        assert suite.implicit.connections == before + 1


def test_refusal_is_remembered(suite, tmp_path):
    """A handshake that failed is not tried at the next message."""
    server = suite.servers["nonsense"]
    server.heard.clear()
    with Postern(tmp_path, suite.routes("opportunistic")) as postern:
        send(postern, "nonsense.example")
        wait_for(lambda: postern.events("delivered"))
        send(postern, "nonsense.example")
        wait_for(lambda: len(postern.events("delivered")) == 2)
    assert server.verbs().count("STARTTLS") == 1


def test_tls_dies(suite, tmp_path):
    """The process of TLS killed in a handshake and in a body: nothing goes in
    clear text, nothing is lost."""
    held, over = [], threading.Event()

    def slow(peer):
        """Stops in the middle of the first body."""
        peer.say(FINE["greeting"])
        while True:
            verb = peer.hear().split(" ")[0].split(":")[0].lower()
            if verb == "starttls":
                peer.say("220 go")
                secure(peer, suite.servers["fine"].ctx)
            elif verb == "data":
                held.append(isinstance(peer.sock, ssl.SSLSocket))
                peer.say("354 go on")
                over.wait()
                raise Hangup
            else:
                peer.say(OFFER if verb == "ehlo" else FINE[verb])

    with Scripted(slow) as server:
        conf = suite.conf + (
            'route domain body.example to host "[127.0.0.1]" '
            f"port {server.port} tls opportunistic\n"
            'route domain hangs.example to host "[127.0.0.1]" '
            f'port {suite.servers["hangs"].port} tls opportunistic\n')
        conf = conf.replace("handshake 2s", "handshake 60s")
        suite.servers["hangs"].taken.clear()
        suite.servers["hangs"].heard.clear()
        with Postern(tmp_path, conf) as postern:
            send(postern, "body.example", (b"x" * 60 + b"\r\n") * 150000)
            send(postern, "hangs.example")
            wait_for(lambda: held)
            wait_for(lambda: "STARTTLS" in suite.servers["hangs"].verbs())
            os.kill(postern.child("postern-tls-client"), signal.SIGKILL)
            wait_for(lambda: len(postern.events("deferred")) == 2)
            assert held == [True]
            assert suite.servers["hangs"].taken == []
            assert suite.servers["hangs"].verbs().count("EHLO") == 1
            assert len(postern.queue()) == 2
            over.set()
