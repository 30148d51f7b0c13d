# SPDX-License-Identifier: ISC
# tests/system/test_smarthost_real.py - other people's servers as smarthosts.
#
# Postfix with Dovecot's SASL, Dovecot's submission service, Exim: on the ports
# that they have at a provider, with a certificate for their name.  Each login
# has a password of another kind; the wrong one is a mark that is looked for.
"""AUTH with real servers."""

import base64
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
import tlskit  # noqa: E402
from harness import Dns, Postern, wait_for  # noqa: E402
from scripted import Scripted, good  # noqa: E402
from test_next_hops import MESSAGE, check_arrived  # noqa: E402

pytestmark = pytest.mark.skipif(not peers.have_root(), reason="skipped: root")

NAME = "smtp.provider.test"
LOGINS = {"plain": "Simple7word", "blank": " two  words ",
          "quote": "'q\"u\\o$te#{}%@", "utf8": "pässwörd-ключ-密",
          "long": "L0ng" * 50}
WRONG = "Hush9Wrong/Marked"
PORTS = (587, 465)


@pytest.fixture(name="pair", scope="module")
def one_pair(tmp_path_factory):
    made = tlskit.Pair(tmp_path_factory.mktemp("real"), "cert", NAME,
                       kind="rsa")
    return made.certificate, made.key


class Sender:
    """postern with a route for each sender, by its login and port, all of them
    to the provider; and with each port one for the wrong password."""

    def __init__(self, folder, pair, ways):
        (folder / "postern").mkdir()
        self.office = Scripted(good)
        self.dns = Dns(folder / "postern", [f"{NAME} A 127.0.0.1"])
        conf = f'{self.dns.setting()}\nworkers smtpd 1\nworkers deliver 1\n' \
            f'postmaster "pm@office.example"\ntls ca "{pair[0]}"\n' \
            "accept from any for domain example.org\n"
        self.ways, self.sent = ways, 0
        self.ports = sorted({port for _, port in ways})
        for login, port in ways + [("wrong", port) for port in self.ports]:
            file = folder / f"secret-{login}"
            file.write_text(LOGINS.get(login, WRONG) + "\n")
            file.chmod(0o600)
            conf += f"route any from {login}@{port}.example to host {NAME} " \
                f'port {port} login "{login}" password file "{file}"\n'
        conf += 'route any to host "[127.0.0.1]" port ' \
            f"{self.office.port} tls none\n"
        self.postern = Postern(folder / "postern", conf, start=False)

    def __enter__(self):
        self.office.__enter__()
        self.dns.__enter__()
        self.postern.start()
        return self

    def __exit__(self, *why):
        self.postern.stop()
        self.dns.__exit__(*why)
        self.office.__exit__(*why)

    def send(self, login, port):
        with smtplib.SMTP(self.postern.addr, self.postern.port,
                          timeout=30) as smtp:
            smtp.sendmail(f"{login}@{port}.example", ["ann@example.org"],
                          MESSAGE, ["BODY=8BITMIME"])
        self.sent += 1

    def all_right(self):
        """Mail of each login by each port arrives."""
        for login, port in self.ways:
            self.send(login, port)
        self.postern.wait_empty()
        lines = self.postern.events("delivered")
        assert len(lines) == self.sent
        # the certificate was verified, for the name
        assert all(re.search(r'tls="TLSv1\.[23] \S+ name"', line)
                   for line in lines), lines

    def all_wrong(self):
        """Refused, told of once, deferred, refused again when asked again; and
        the password is nowhere."""
        for n, port in enumerate(self.ports):
            self.send("wrong", port)
            wait_for(lambda n=n: len(self.office.bodies) == n + 1,
                     what="the postmaster is told")
            assert b"refuses our login" in self.office.bodies[n]
        n = len(self.postern.events("login-refused"))
        assert all("535" in line for line in
                   self.postern.events("login-refused"))
        self.postern.tool("retry", "--all")
        wait_for(lambda: len(self.postern.events("login-refused")) >= 2 * n,
                 what="another try")
        self.send(*self.ways[0])
        wait_for(lambda: len(self.postern.queue()) == len(self.ports),
                 what="others go on")
        assert not self.postern.events("bounced")
        assert len(self.office.bodies) == len(self.ports)
        for row in self.postern.queue():
            assert "535" in row["recipients"][0]["error"]
        marks = [WRONG.encode(), base64.b64encode(WRONG.encode()),
                 base64.b64encode(f"\0wrong\0{WRONG}".encode())]
        for path in [self.postern.log, *self.postern.spool.rglob("*")]:
            if path.is_file():
                data = path.read_bytes()
                assert not any(mark in data for mark in marks), path


def header(message):
    return message[:message.index(b"Subject: a test")].decode()


def ways(port, *logins):
    return [(login, port) for login in logins or LOGINS]


def check_logins(messages, line, sender):
    """By the line that the server adds."""
    found = [login for message in messages for login in LOGINS
             if line.format(login) in header(message)]
    assert sorted(found) == sorted(login for login, _ in sender.ways)


def test_postfix(tmp_path, pair):
    """Both mechanisms, of which PLAIN is taken; its users are Dovecot's.  It
    has STARTTLS alone here."""
    with submission.Dovecot(tmp_path / "sasl", LOGINS, pair) as sasl, \
            peers.Postfix("next-hop", tmp_path / "hop", port=587, settings={
                "smtpd_tls_security_level": "encrypt",
                "smtpd_tls_auth_only": "yes",
                "smtpd_tls_cert_file": str(pair[0]),
                "smtpd_tls_key_file": str(pair[1]),
                "smtpd_sasl_auth_enable": "yes",
                "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": f"inet:127.0.0.1:{sasl.auth_port}",
                "smtpd_sasl_authenticated_header": "yes",
                "smtpd_relay_restrictions":
                "permit_sasl_authenticated, reject"}) as hop, \
            Sender(tmp_path, pair, ways(PORTS[0], "plain", "utf8")) as sender:
        sender.all_right()
        wait_for(lambda: len(hop.messages()) == sender.sent, what="the mail")
        for message in hop.messages():
            check_arrived([message])
        check_logins(hop.messages(), "(Authenticated sender: {})", sender)
        assert {line.partition("sasl_method=")[2].split(",")[0]
                for line in hop.log_lines() if "sasl_username=" in line} == \
            {"PLAIN"}
        sender.all_wrong()


def test_dovecot(tmp_path, pair):
    """PLAIN alone."""
    with peers.Postfix("next-hop", tmp_path / "store") as store, \
            submission.Dovecot(tmp_path / "hop", LOGINS, pair, ports=PORTS,
                               relay=store.port, mechanisms="plain") as hop, \
            Sender(tmp_path, pair, ways(587) + ways(465, "blank")) as sender:
        sender.all_right()
        assert sorted(hop.logins()) == sorted(
            (login, "PLAIN") for login, _ in sender.ways)
        wait_for(lambda: len(store.messages()) == sender.sent,
                 what="the mail")
        for message in store.messages():
            check_arrived([message])
        sender.all_wrong()


def test_exim(tmp_path, pair):
    """LOGIN alone."""
    with submission.Exim(tmp_path / "hop", ["ann"], pair, logins=LOGINS,
                         ports=PORTS, mechanisms="login") as hop, \
            Sender(tmp_path, pair, ways(465) + ways(587, "quote")) as sender:
        sender.all_right()
        wait_for(lambda: len(hop.messages("ann")) == sender.sent,
                 what="the mail")
        for message in hop.messages("ann"):
            check_arrived([message])
        check_logins(hop.messages("ann"), "(login {})", sender)
        sender.all_wrong()
