# SPDX-License-Identifier: ISC
# tests/system/test_next_hops.py - other people's servers as next hops.
#
# Postfix, OpenSMTPD and Exim by SMTP, Dovecot by LMTP, with TLS: what arrives
# is what was sent, byte by byte, and one recipient of three is refused by each
# in its own way.
"""Real servers take mail from postern."""

import re
import smtplib
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "lib"))
sys.path.insert(0, str(HERE.parents[1] / "peers"))
import peers  # noqa: E402
import stores  # noqa: E402
import tlskit  # noqa: E402
import verdicts  # noqa: E402
from harness import Dns, Postern, wait_for  # noqa: E402
from scripted import Scripted, good  # noqa: E402

pytestmark = pytest.mark.skipif(not peers.have_root(), reason="skipped: root")

# dots, 8-bit bytes, the longest line, an end without a line of text
MESSAGE = b"".join([
    b"Subject: a test\r\nFrom: a@client.example\r\n",
    b"To: three at example.org:;\r\nMessage-ID: <1@client.example>\r\n",
    b"Date: Sat, 28 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n",
    b"Content-Type: text/plain; charset=iso-8859-1\r\n",
    b"Content-Transfer-Encoding: 8bit\r\n\r\n",
    b".\r\n..\r\n.. dots\r\nFrom here\r\n>From there\r\n\xfcml\xe4ut\r\n\t \r\n",
    b"x" * 998 + b"\r\n", b"".join(b"line %d\r\n" % n for n in range(9000)),
    b".end\r\n\r\n\r\n"])


def pair(folder):
    made = tlskit.Pair(folder, "cert", "mail.example.org", kind="rsa")
    return made.certificate, made.key


def deliver(tmp_path, route, names):
    """The mail goes to NAME@example.org; the log lines of what became of
    each."""
    conf = "accept from any for domain example.org\nworkers smtpd 1\n" \
        "workers deliver 1\n"
    with Scripted(good) as back, Postern(tmp_path / "postern", conf + f'''
route domain example.org to {route}
route domain client.example to host "[127.0.0.1]" port {back.port}
''') as p:
        with smtplib.SMTP(p.addr, p.port, timeout=30) as smtp:
            smtp.sendmail("a@client.example",
                          [f"{name}@example.org" for name in names], MESSAGE,
                          ["BODY=8BITMIME"])
        p.wait_empty()
        wait_for(lambda: back.bodies, what="the notice")
        lines = p.events("delivered") + p.events("bounced")
    return {name: line for name in names for line in lines
            if f'rcpt="{name}@example.org"' in line}


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    (tmp_path / "postern").mkdir()
    return tmp_path


def check_arrived(messages):
    message, = messages
    at = message.index(b"Subject: a test")
    assert message[at:] == MESSAGE.replace(b"\r\n", b"\n")
    assert b"Received:" in message[:at]


def check_fates(fates, refused, codes):
    """All are delivered but one."""
    assert len(fates) == 3
    for name, line in fates.items():
        if name == refused:
            assert "bounced" in line
            assert any(f"status={code}" in line for code in codes), line
        else:
            assert "delivered" in line, line


def over_smtp(folder, server, refused_code):
    fates = deliver(folder, f'host "[127.0.0.1]" port {server.port} '
                    "tls required", ("ann", "bob", "nobody"))
    check_fates(fates, "nobody", [refused_code])
    assert all('tls="TLSv1.' in fates[name] for name in ("ann", "bob"))


def test_postfix(folder):
    certificate, key = pair(folder)
    nobody = "check_recipient_access inline:{{nobody@example.org = " \
        "550 5.1.1 nobody of that name}}"
    with peers.Postfix("next-hop", folder / "hop", settings={
            "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": str(certificate),
            "smtpd_tls_key_file": str(key),
            "smtpd_recipient_restrictions":
            f"{nobody}, reject_unauth_destination"}) as hop:
        over_smtp(folder, hop, "5.1.1")
        wait_for(lambda: len(hop.messages()) == 2, what="two mailboxes")
        for message in hop.messages():
            check_arrived([message])


def test_opensmtpd(folder):
    with stores.OpenSmtpd(folder / "hop", ["ann", "bob"],
                          certificate=pair(folder)) as hop:
        over_smtp(folder, hop, "5.2.4")
        for name in ("ann", "bob"):
            wait_for(lambda: hop.messages(name), what=f"the mail of {name}")
            check_arrived(hop.messages(name))


# What a route wants, the word of the listener at its port, and how the mail is
# carried then.
WANTED = (("none", "tls", None), ("opportunistic", "tls", "no"),
          ("required", "tls", "no"), ("verify", "tls", "name"),
          ("verify immediate", "smtps", "name"))
STRANGER = "no TLS: handshake failed: certificate verification failed: "


@pytest.mark.parametrize("known", [True, False])
def test_opensmtpd_verified(folder, known):
    """By each way to ask for TLS, to an authority that is known, or not: then
    those who want the name wait, and trace says why."""
    hosts = [f"hop{n}.example.org" for n, _ in enumerate(WANTED)]
    ports = [peers.free_port() for _ in WANTED]
    ours, other = (verdicts.certificate(folder, label, f"DNS:{label}")
                   for label in ("ours", "other"))
    files = verdicts.issued(folder, "cert", ",".join(
        f"DNS:{host}" for host in hosts), ours if known else other)
    dns = Dns(folder / "postern", [f"{host} A 127.0.0.1" for host in hosts])
    conf = f'{dns.setting()}\nworkers smtpd 1\nworkers deliver 1\n' \
        f'tls ca "{ours[0]}"\naccept from any for domain example.org\n'
    for host, port, (tls, _, _) in zip(hosts, ports, WANTED):
        conf += f"route any from domain {host} to host {host} port {port} " \
            f"tls {tls}\n"
    with stores.OpenSmtpd(folder / "hop", ["ann"], certificate=files, more={
            port: word for port, (_, word, _) in zip(ports, WANTED)}) as hop, \
            dns, Postern(folder / "postern", conf) as postern:
        for host in hosts:
            with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
                smtp.sendmail(f"a@{host}", ["ann@example.org"], MESSAGE,
                              ["BODY=8BITMIME"])
        for host, (_, _, verified) in zip(hosts, WANTED):
            late = verified == "name" and not known
            (what, why), = wait_for(lambda: re.findall(
                r"^ .* (delivered|deferred) +(.*)$", postern.tool(
                    "trace", f"a@{host}", check_status=False), re.M))
            assert what == ("deferred" if late else "delivered")
            assert re.search(STRANGER if late else way(host, verified), why)
        arrived = sum(v != "name" or known for _, _, v in WANTED)
        wait_for(lambda: len(hop.messages("ann")) == arrived)
        for message in hop.messages("ann"):
            check_arrived([message])


def way(host, verified):
    """How trace says that it was carried, and to whom."""
    return rf"by {host} \[127\.0\.0\.1\]" + (
        rf" \(TLSv1\.[23] \S+ {verified}\)" if verified else "") + ": 250 "


def test_exim(folder):
    with stores.Exim(folder / "hop", ["ann", "bob"],
                     certificate=pair(folder)) as hop:
        over_smtp(folder, hop, "5.0.0")
        for name in ("ann", "bob"):
            wait_for(lambda: hop.messages(name), what=f"the mail of {name}")
            check_arrived(hop.messages(name))


@pytest.mark.parametrize("way", ["socket", "tcp"])
def test_dovecot(folder, way):
    """One is over quota, which is said after the final dot, or by RCPT."""
    checked = "lmtp_rcpt_check_quota = yes\n" if way == "tcp" else ""
    with stores.Dovecot(folder / "store", {"ann": None, "bob": None,
                                           "full": 10},
                        certificate=pair(folder), settings=checked) as store:
        route = f'lmtp "{store.socket}"' if way != "tcp" else \
            f'lmtp host "[127.0.0.1]" port {store.port} tls required'
        fates = deliver(folder, route, ("ann", "full", "bob"))
        check_fates(fates, "full", ["5.2.2"])
        if way == "tcp":
            assert 'tls="TLSv1.' in fates["ann"]
        else:
            assert f'host="{store.socket}"' in fates["ann"]
        for name in ("ann", "bob"):
            check_arrived(store.messages(name))
        assert not store.messages("full")


def test_dovecot_knows_nobody_of_that_name(folder):
    with stores.Dovecot(folder / "store", {"ann": None, "bob": None}) as store:
        fates = deliver(folder, f'lmtp "{store.socket}"',
                        ("ann", "nobody", "bob"))
        check_fates(fates, "nobody", ["5.1.1"])
        check_arrived(store.messages("bob"))
