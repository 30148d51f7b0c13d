# SPDX-License-Identifier: ISC
# tests/system/test_tls_out.py - TLS for what is sent: what a session, and its
# end, is like.  What comes of it by server and policy: test_verdicts.py.
"""STARTTLS and TLS from the first byte."""

import os
import signal
import ssl
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, wait_for  # noqa: E402
from scripted import FINE, Hangup, Scripted  # noqa: E402
from verdicts import (  # noqa: E402
    BODY, OFFER, Server, WORKERS, certificate, implicit, secure, send)


class Suite:
    """A server of each kind, at an address, whose certificate is trusted."""

    def __init__(self, folder):
        files = certificate(folder, "good", "IP:127.0.0.1")
        self.servers = {name: Server(files, name)
                        for name in ("fine", "hangs", "nonsense")}
        self.implicit = self.servers["implicit"] = \
            Server(files, script=implicit)
        self.conf = WORKERS + f'tls ca "{files[0]}"\n'

    def routes(self, policy):
        return self.conf + "".join(
            f'route domain {name}.example to host "[127.0.0.1]" '
            f"port {server.port} tls " +
            ("verify immediate" if name == "implicit" else policy) + "\n"
            for name, server in self.servers.items())


@pytest.fixture(name="suite", scope="module")
def one_suite(tmp_path_factory):
    suite = Suite(tmp_path_factory.mktemp("tls_out"))
    yield suite
    for server in suite.servers.values():
        server.close()


@pytest.mark.parametrize("policy, how", [("opportunistic", "no"),
                                         ("verify", "name")])
def test_session(suite, tmp_path, policy, how):
    """What was said in clear text is forgotten; what log, trace and history
    say of it."""
    server = suite.servers["fine"]
    server.forget()
    with Postern(tmp_path, suite.routes(policy)) as postern:
        send(postern, "fine.example")
        postern.wait_event("delivered")
        assert server.ehlos == [False, True]
        assert server.taken[0][1].endswith(BODY)
        told = f"TLSv1.3 TLS_AES_256_GCM_SHA384 {how}"
        assert server.taken[0][0] == told.removesuffix(f" {how}")
        line, = postern.wait_event("tls")
        assert "protocol=\"TLSv1.3\"" in line and f"verified={how}" in line
        line, = postern.events("delivered")
        assert f'tls="{told}"' in line
        wait_for(lambda: f"[127.0.0.1] ({told}): 250" in postern.tool(
            "trace", "b@fine.example", check_status=False),
                 what="trace to say it")
        assert told in postern.tool(
            "sql", "SELECT tls FROM event WHERE kind = 'delivered'")


def test_implicit(suite, tmp_path):
    """From the first byte, verified; and a kept connection is used again."""
    suite.implicit.forget()
    before = suite.implicit.connections
    with Postern(tmp_path, suite.routes("none")) as postern:
        for n in range(2):
            send(postern, "implicit.example")
            wait_for(lambda n=n: len(postern.events("delivered")) == n + 1)
        assert len(suite.implicit.taken) == 2
        assert all(session for session, _ in suite.implicit.taken)
        assert suite.implicit.connections == before + 1


def test_refusal_is_remembered(suite, tmp_path):
    """A handshake that failed is not tried at the next message."""
    server = suite.servers["nonsense"]
    server.forget()
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
        suite.servers["hangs"].forget()
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
