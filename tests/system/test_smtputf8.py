# SPDX-License-Identifier: ISC
# tests/system/test_smtputf8.py - internationalised mail through the suite.
"""RFC 6531: to a next hop that offers SMTPUTF8, and to one that does not."""

import contextlib
import email
import email.policy
import smtplib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, Sink, wait_for  # noqa: E402
from toolstand import sendmail  # noqa: E402

UTF8 = "δοκιμή@example.org"
BODY = "Subject: plain\r\n\r\ntext\r\n"
HEADER = "Subject: grüße\r\n\r\ntext\r\n"


@contextlib.contextmanager
def suite(tmp_path, *options):
    saved = tmp_path / "saved"
    saved.mkdir()
    with Sink(tmp_path, "-S", saved, *options) as sink, \
            Postern(tmp_path, sink.route()) as p:
        p.saved = saved
        yield p


def send(p, sender, rcpts, text, options=("SMTPUTF8", "BODY=8BITMIME")):
    """As a client that knows SMTPUTF8; the replies to RCPT."""
    with smtplib.SMTP(p.addr, p.port, "client.example", 20) as s:
        s.command_encoding = "utf-8"
        s.ehlo()
        assert s.mail(sender, options)[0] == 250
        codes = [s.rcpt(rcpt)[0] for rcpt in rcpts]
        assert s.data(text.encode())[0] == 250
        return codes


def kept(p, n):
    """Envelope and message of n that came to the sink."""
    def whole():  # the message is written last, in one go
        return [f for f in sorted(p.saved.glob("*.eml")) if f.stat().st_size]

    wait_for(lambda: len(whole()) >= n, what=f"{n} messages at the sink")
    return [(f.with_suffix(".env").read_text(), f.read_bytes())
            for f in whole()]


def bounce(p):
    """The notice to the sender, as text, from the spool of the sink."""
    for envelope, message in kept(p, 1):
        if b"report-type=delivery-status" in message:
            return envelope, message.decode()
    return None


def test_next_hop_offers_it(tmp_path):
    with suite(tmp_path) as p:
        assert send(p, "müller@client.example", [UTF8], HEADER) == [250]
        envelope, message = kept(p, 1)[0]
        assert "müller@client.example" in envelope and UTF8 in envelope
        assert message.endswith(HEADER.encode())
        # RFC 6729; the recipient is not ASCII, and stays out of the field
        trace = message.decode().partition("Subject:")[0]
        assert "with UTF8SMTP id" in trace and " for " not in trace
        p.wait_empty()


def test_the_domain_in_a_labels(tmp_path):
    """With an ASCII local part nothing is left that needs SMTPUTF8."""
    with suite(tmp_path, "-E") as p:
        send(p, "a@client.example", ["b@bücher.example"], BODY)
        envelope, message = kept(p, 1)[0]
        assert "b@xn--bcher-kva.example" in envelope
        assert b"for <b@xn--bcher-kva.example>" in message
        p.wait_empty()


def test_declared_and_not_needed(tmp_path):
    with suite(tmp_path, "-E") as p:
        send(p, "a@client.example", ["b@example.org"], BODY)
        envelope, message = kept(p, 1)[0]
        assert "b@example.org" in envelope
        assert message.endswith(BODY.encode())
        p.wait_empty()


def test_undeclared_header_passes(tmp_path):
    """8-bit headers without a declaration are old custom, and pass."""
    with suite(tmp_path, "-E") as p:
        send(p, "a@client.example", ["b@example.org"], HEADER, ())
        assert kept(p, 1)[0][1].endswith(HEADER.encode())
        p.wait_empty()


def test_only_the_recipient_that_needs_it(tmp_path):
    with suite(tmp_path, "-E") as p:
        send(p, "a@client.example", [UTF8, "b@example.org"], BODY)
        wait_for(lambda: bounce(p), what="a notice")
        envelope, notice = bounce(p)
        assert "a@client.example" in envelope
        assert "5.6.7" in notice and "SMTPUTF8" in notice
        came = [e for e, m in kept(p, 2) if m.endswith(BODY.encode())
                and b"delivery-status" not in m]
        assert len(came) == 1 and "b@example.org" in came[0]
        p.wait_empty()


def test_header_needs_it(tmp_path):
    with suite(tmp_path, "-E") as p:
        send(p, "a@client.example", ["b@example.org"], HEADER)
        wait_for(lambda: bounce(p), what="a notice")
        assert "5.6.9" in bounce(p)[1]
        assert len(kept(p, 1)) == 1
        p.wait_empty()


def test_sendmail(tmp_path):
    with suite(tmp_path) as p:
        done = sendmail(p.runtime / "submit", "-i", "-f",
                        "a@client.example", UTF8, message="Subject: plain\n\nx\n")
        assert done.returncode == 0, done.stderr
        envelope, message = kept(p, 1)[0]
        assert UTF8 in envelope
        parsed = email.message_from_bytes(message,
                                          policy=email.policy.SMTPUTF8)
        assert parsed["Subject"] == "plain"
        p.wait_empty()
