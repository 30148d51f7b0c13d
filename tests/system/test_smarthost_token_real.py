# SPDX-License-Identifier: ISC
# tests/system/test_smarthost_token_real.py - tokens with real servers.
#
# Dovecot's submission service, and Postfix that asks Dovecot, each of which
# checks a signed JSON web token of the size that providers give; quick is one
# mechanism with one of them.
"""OAUTHBEARER and XOAUTH2 with real servers."""

import os
import re
import smtplib
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "lib"))
sys.path.insert(0, str(HERE.parents[1] / "peers"))
import peers  # noqa: E402
import submission  # noqa: E402
from siege import full  # noqa: E402
from harness import Dns, Postern, wait_for  # noqa: E402
from test_smarthost import put  # noqa: E402
from test_smarthost_real import NAME, one_pair  # noqa: E402,F401
from test_next_hops import MESSAGE, check_arrived  # noqa: E402

pytestmark = pytest.mark.skipif(not peers.have_root(), reason="skipped: root")

USER = "box17"
KEY = os.urandom(32)
PORTS = (587, 465)


def good(seconds=3600):
    return submission.token(KEY, USER, seconds)


class Sender:
    """postern with a route by token to each port of the provider."""

    def __init__(self, folder, pair, ports):
        (folder / "postern").mkdir()
        self.dns = Dns(folder / "postern", [f"{NAME} A 127.0.0.1"])
        self.file = folder / "token"
        conf = f'{self.dns.setting()}\nworkers smtpd 1\nworkers deliver 1\n' \
            f'tls ca "{pair[0]}"\naccept from any for domain example.org\n'
        for port in ports:
            conf += f"route any from box@{port}.example to host {NAME} port " \
                f'{port} login "{USER}" token file "{self.file}"\n'
        self.postern = Postern(folder / "postern", conf, start=False)

    def __enter__(self):
        self.dns.__enter__()
        self.postern.start()
        return self.postern

    def __exit__(self, *why):
        self.postern.stop()
        self.dns.__exit__(*why)


def send(postern, port):
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        smtp.sendmail(f"box@{port}.example", ["ann@example.org"], MESSAGE,
                      ["BODY=8BITMIME"])


def check_nowhere(postern, *tokens):
    for path in [postern.log, *postern.spool.rglob("*")]:
        if path.is_file():
            data = path.read_bytes()
            assert not any(token[-40:].encode() in data
                           for token in tokens), path


def by_dovecot(tmp_path, pair, mechanism, status):
    """A token that the server finds wrong, and why; then one that is right."""
    with peers.Postfix("next-hop", tmp_path / "store") as store, \
            submission.Dovecot(tmp_path / "hop", {}, pair, ports=PORTS,
                               relay=store.port, key=KEY,
                               mechanisms=f"plain {mechanism.lower()}") as hop:
        sender = Sender(tmp_path, pair, PORTS)
        old, new = good(-30), good()
        put(sender.file, old + "\n")
        with sender as postern:
            for port in PORTS:
                send(postern, port)
            wait_for(lambda: len(postern.events("login-refused")) == 2)
            for line in postern.events("login-refused"):
                assert re.search(f"535 .*status {status}", line), line
            assert not store.messages()
            put(sender.file, f"{new}\nexpires 2030-01-01T00:00:00Z\n")
            wait_for(lambda: len(store.messages()) == len(PORTS),
                     what="the mail")
            postern.wait_empty()
            for message in store.messages():
                check_arrived([message])
            assert hop.logins() == [(USER, mechanism)] * len(PORTS)
            check_nowhere(postern, old, new)


def by_postfix(tmp_path, pair, mechanism, status):
    """Both are offered; the first of ours is taken."""
    with submission.Dovecot(tmp_path / "sasl", {}, pair, key=KEY,
                            mechanisms="xoauth2 oauthbearer plain") as sasl, \
            peers.Postfix("next-hop", tmp_path / "hop", port=587, settings={
                "smtpd_tls_security_level": "encrypt",
                "smtpd_tls_auth_only": "yes",
                "smtpd_tls_cert_file": str(pair[0]),
                "smtpd_tls_key_file": str(pair[1]),
                "smtpd_sasl_auth_enable": "yes",
                "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": f"inet:127.0.0.1:{sasl.auth_port}",
                "smtpd_relay_restrictions":
                "permit_sasl_authenticated, reject"}) as hop:
        sender = Sender(tmp_path, pair, PORTS[:1])
        old, new = good(-30), good()
        put(sender.file, old + "\n")
        with sender as postern:
            send(postern, PORTS[0])
            line, = postern.wait_event("login-refused")
            assert re.search(f"535 .*status {status}", line), line
            put(sender.file, new + "\n")
            wait_for(hop.messages, what="the mail")
            check_arrived(hop.messages())
            assert {line.partition("sasl_method=")[2].split(",")[0]
                    for line in hop.log_lines() if "sasl_method=" in line} \
                == {mechanism}
            check_nowhere(postern, old, new)


@pytest.mark.parametrize("server, mechanism, status", full(
    [(by_dovecot, "OAUTHBEARER", "invalid_token"),
     (by_dovecot, "XOAUTH2", "401"),
     (by_postfix, "OAUTHBEARER", "invalid_token")],
    [(by_dovecot, "XOAUTH2", "401")]))
def test_token(tmp_path, pair, server, mechanism, status):
    server(tmp_path, pair, mechanism, status)
