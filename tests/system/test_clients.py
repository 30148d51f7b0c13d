# SPDX-License-Identifier: ISC
# tests/system/test_clients.py - TLS with the clients that people have.
#
# msmtp, mutt, s-nail, OpenSSL and Postfix send through STARTTLS and through TLS
# from the first byte; msmtp, s-nail and OpenSSL verify the certificate.
"""Other people's clients, with TLS."""

import os
import shutil
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "lib"))
sys.path.insert(0, str(TESTS / "peers"))
import peers  # noqa: E402
from harness import Postern, Sink, free_port, wait_for  # noqa: E402
from siege import needs_root  # noqa: E402
from tlskit import Pair  # noqa: E402

PATIENCE = 60
BODY = "a body\n.\n..\nmore\n"


class Suite:
    """A postern with a certificate for localhost, and a sink that keeps."""

    def __init__(self, folder):
        self.folder = folder
        self.pair = Pair(folder, "mx", "localhost")
        self.kept = folder / "kept"
        self.kept.mkdir()
        self.sink = Sink(folder, "-S", self.kept)
        self.tls_port = free_port()
        self.postern = Postern(
            folder, self.pair.statement() +
            f"listen on 127.0.0.1 port {self.tls_port} tls\n" +
            self.sink.route())
        self.port = self.postern.port

    def port_of(self, way):
        return self.tls_port if way == "implicit" else self.port

    def count(self):
        return len(self.postern.events("tls")), self.sink.lines()

    def arrived(self, before, n=1):
        """As many more sessions with TLS, and messages at the sink: these."""
        sessions, messages = before
        self.sink.wait(messages + n)
        assert len(self.postern.events("tls")) >= sessions + 1
        found = sorted(self.kept.glob("*.eml"), key=lambda f: f.stat().st_mtime_ns)
        return [f.read_bytes().replace(b"\r\n", b"\n") for f in found[-n:]]

    def stop(self):
        try:
            assert self.postern.stop() == 0
        finally:
            self.sink.stop()


@pytest.fixture(name="suite", scope="module")
def one_suite(tmp_path_factory):
    suite = Suite(tmp_path_factory.mktemp("clients"))
    yield suite
    suite.stop()


both = pytest.mark.parametrize("way", ["starttls", "implicit"])


def run(suite, *words, text=BODY):
    program = shutil.which(words[0]) or pytest.fail(f"no {words[0]}")
    done = subprocess.run(
        [program, *map(str, words[1:])], input=text, text=True,
        capture_output=True, timeout=PATIENCE, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(suite.folder),
             "LANG": "C"})
    assert done.returncode == 0, done.stdout + done.stderr


@both
def test_msmtp(suite, way):
    conf = suite.folder / "msmtprc"
    conf.write_text(f"""account default
host localhost
port {suite.port_of(way)}
from a@c.example
domain c.example
tls on
tls_starttls {"off" if way == "implicit" else "on"}
tls_trust_file {suite.pair.certificate}
""")
    conf.chmod(0o600)
    before = suite.count()
    run(suite, "msmtp", "-C", conf, "b@d.example",
        text="Subject: by msmtp\n\n" + BODY)
    assert suite.arrived(before)[0].endswith(
        b"Subject: by msmtp\n\n" + BODY.encode())


@both
def test_mutt(suite, way):
    conf = suite.folder / "muttrc"
    scheme = "smtps" if way == "implicit" else "smtp"
    conf.write_text(f"""set smtp_url = "{scheme}://localhost:{suite.port_of(way)}"
set ssl_starttls = yes
set ssl_force_tls = yes
set certificate_file = "{suite.pair.certificate}"
set from = "a@c.example"
set hostname = "c.example"
set copy = no
""")
    before = suite.count()
    run(suite, "mutt", "-F", conf, "-s", "by mutt", "b@d.example")
    message = suite.arrived(before)[0]
    assert b"\nSubject: by mutt\n" in message
    assert message.endswith(b"\n\n" + BODY.encode())


@both
def test_s_nail(suite, way):
    scheme = "smtps" if way == "implicit" else "smtp"
    before = suite.count()
    run(suite, "s-nail", "-:/", "-S", "v15-compat", "-S", "sendwait",
        "-S", f"mta={scheme}://localhost:{suite.port_of(way)}",
        *([] if way == "implicit" else ["-S", "smtp-use-starttls"]),
        "-S", "smtp-auth=none", "-S", "tls-verify=strict",
        "-S", "tls-ca-no-defaults", "-S",
        f"tls-ca-file={suite.pair.certificate}", "-S", "hostname=c.example",
        "-S", "from=a@c.example", "-s", "by s-nail", "b@d.example")
    message = suite.arrived(before)[0]
    assert b"\nSubject: by s-nail\n" in message
    assert message.endswith(b"\n\n" + BODY.encode())


@both
def test_openssl(suite, way):
    """What people type to look at a server, with the certificate verified."""
    before = suite.count()
    run(suite, "openssl", "s_client", "-quiet", "-crlf", "-connect",
        f"127.0.0.1:{suite.port_of(way)}", "-verify_return_error", "-CAfile",
        suite.pair.certificate, "-verify_hostname", "localhost",
        *([] if way == "implicit" else ["-starttls", "smtp"]),
        text="EHLO c.example\nMAIL FROM:<a@c.example>\n"
        "RCPT TO:<b@d.example>\nDATA\nSubject: by hand\n\nhello\n.\nQUIT\n")
    assert suite.arrived(before)[0].endswith(b"Subject: by hand\n\nhello\n")


@needs_root
def test_postfix(suite):
    """Postfix that sends with TLS or not at all."""
    settings = {"smtp_tls_security_level": "encrypt",
                "smtp_tls_loglevel": "1"}
    before = suite.count()
    with peers.Postfix("relay", suite.folder / "relay", next_port=suite.port,
                       settings=settings) as client:
        with smtplib.SMTP("127.0.0.1", client.port, timeout=30) as smtp:
            for n in range(5):
                smtp.sendmail("a@c.example", ["b@d.example"],
                              f"Subject: {n}\r\n\r\n.\r\nbody\r\n")
        messages = suite.arrived(before, 5)
        wait_for(lambda: client.queued() == 0, what="Postfix's empty queue")
    assert all(m.endswith(b"\n\n.\nbody\n") for m in messages)
    assert all(b" with ESMTPS " in m or b" with ESMTPS\n" in m
               for m in messages)
