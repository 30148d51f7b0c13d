# SPDX-License-Identifier: ISC
# tests/system/test_real.py - postern between programs that others wrote.
#
# swaks, s-nail, smtp-source and Postfix send; nsd says where to; Postfix and
# smtp-sink take.
#
# Starts early: it takes long.
"""Real clients, a real name server, real next hops."""

import email
import email.policy
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
from harness import BUILD, PATIENCE, Postern, wait_for  # noqa: E402
from siege import bodies, full, needs_root, say  # noqa: E402

ADDED = {"return-path", "x-original-to", "delivered-to", "received"}
LETTER = (b"From: Me <from@client.example>\r\n"
          b"To: to@example.org\r\n"
          # Postfix adds these to mail of its own addresses
          b"Date: Mon, 2 Jan 2023 00:00:00 +0000\r\n"
          b"Message-ID: <1@client.example>\r\n"
          b"Subject: =?UTF-8?Q?caf=C3=A9?=\r\n folded\r\n"
          b"X-Odd:no blank\r\n"
          b"Received: from nowhere by elsewhere; "
          b"Mon, 2 Jan 2023 00:00:00 +0000\r\n"
          b"\r\n"
          b"caf\xc3\xa9, and \xff\xfe\r\n"
          b".\r\n..\r\n.begins with a dot\r\n"
          b" trailing blanks  \r\n"
          b"\r\n"
          + b"long " * 180 + b"\r\nlast line\r\n")


@pytest.fixture(name="hop")
def next_hop(tmp_path):
    """Postfix that knows three recipients, one of whom has gone away, and one
    sender."""
    known = ("inline:{ {to@example.org = all/}, {two@example.org = all/}, "
             "{gone@example.org = all/}, {from@client.example = all/} }")
    with peers.Postfix("next-hop", tmp_path / "hop", settings={
            "virtual_mailbox_domains": "example.org client.example",
            "virtual_mailbox_maps": known,
            "transport_maps":
            "inline:{ {gone@example.org = error:5.2.1 gone away} }"}) as hop:
        yield hop


@pytest.fixture(name="postern")
def relay(tmp_path, hop):
    """Postern that finds the next hop by its MX."""
    zone = "@ MX 20 nobody\n@ MX 10 mail\nmail A 127.0.0.1"
    with peers.Nsd(tmp_path / "nsd", {"example.org": zone,
                                      "client.example": zone}) as nsd:
        with Postern(tmp_path, f"""
resolver 127.0.0.1 port {nsd.port}
mx addresses allow 127.0.0.0/8
route any to mx port {hop.port}""") as p:
            yield p


def swaks(postern, data, *words, rcpt="to@example.org"):
    program = shutil.which("swaks") or pytest.fail("no swaks")
    letter = postern.dir / "letter"
    letter.write_bytes(data)
    return subprocess.run(
        [program, "--server", postern.addr, "--port", str(postern.port),
         "--from", "from@client.example", "--to", rcpt, "--helo",
         "client.example", "--data", f"@{letter}", *words],
        capture_output=True, text=True, timeout=PATIENCE, check=False)


def wait_messages(hop, n):
    wait_for(lambda: len(hop.messages()) >= n, 60, f"{n} at the next hop")
    return hop.messages()


def split_added(arrived, sent):
    """The fields that the way has added; what was sent must follow them."""
    sent = sent.replace(b"\r\n", b"\n")
    assert arrived.endswith(sent), arrived[-len(sent) - 300:]
    return email.message_from_bytes(arrived[:-len(sent)] + b"\n").items()


@needs_root
def test_byte_for_byte(postern, hop):
    """As swaks sends it, so Postfix stores it."""
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        smtp.sendmail("from@client.example", ["to@example.org"], LETTER,
                      ["BODY=8BITMIME"])
    fields = split_added(wait_messages(hop, 1)[0], LETTER)
    assert {name.lower() for name, _ in fields} <= ADDED
    received = [value for name, value in fields if name == "Received"]
    assert len(received) == 2
    assert "by mail.example.org (Postfix)" in received[0].replace("\n\t", " ")
    assert "by relay.example" in received[1].replace("\n\t", " ")
    postern.wait_empty()


@needs_root
def test_swaks(postern, hop):
    data = LETTER[:LETTER.index(b"caf\xc3")] + b"plain\r\n..\r\nend\r\n"
    # swaks wants its lines with LF, and stuffs dots itself
    done = swaks(postern, data.replace(b"\r\n", b"\n"), "--pipeline",
                 rcpt="to@example.org,two@example.org")
    assert done.returncode == 0, done.stdout + done.stderr
    for arrived in wait_messages(hop, 2):
        fields = split_added(arrived.rstrip(b"\n"), data.rstrip(b"\r\n"))
        assert {name.lower() for name, _ in fields} <= ADDED
    postern.wait_empty()
    wait_for(lambda: not bodies(postern), what="no body left")


@needs_root
def test_unknown_user(postern, hop):
    """Postfix refuses one of two: the other gets it, the sender a report."""
    done = swaks(postern, LETTER.replace(b"\r\n", b"\n").replace(
        b"\xff\xfe", b""), rcpt="nobody@example.org,to@example.org")
    assert done.returncode == 0, done.stdout + done.stderr
    messages = [email.message_from_bytes(m, policy=email.policy.default)
                for m in wait_messages(hop, 2)]
    reports = [m for m in messages
               if m.get_content_type() == "multipart/report"]
    assert len(reports) == 1 and len(messages) == 2
    assert reports[0]["Delivered-To"] == "from@client.example"
    assert reports[0]["Return-Path"] == "<>"
    text = reports[0].as_string()
    assert "nobody@example.org" in text and "5.1.1" in text
    assert "User unknown" in text
    assert "to@example.org" not in [
        fields["Final-Recipient"] for part in reports[0].walk()
        if part.get_content_type() == "message/delivery-status"
        for fields in part.get_payload()]
    postern.wait_empty()


def fields_of(report):
    """Of the message, and of each recipient, of a delivery status."""
    part, = [p for p in report.walk()
             if p.get_content_type() == "message/delivery-status"]
    about, *rcpts = part.get_payload()
    return about, {f["Final-Recipient"].partition(";")[2].strip(): f
                   for f in rcpts}


@needs_root
def test_dsn_wishes_at_the_next_hop(postern, hop):
    """Postfix is told NOTIFY, ORCPT, RET and ENVID, and reports by them what
    it has taken; we what it refused: nobody is told twice."""
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        smtp.ehlo()
        assert smtp.mail("from@client.example",
                         ["RET=HDRS", "ENVID=q+3Dr"])[0] == 250
        for rcpt, wish in (("to", "SUCCESS"), ("two", "NEVER"),
                           ("gone", "FAILURE,DELAY")):
            assert smtp.rcpt(f"{rcpt}@example.org", [
                f"NOTIFY={wish}", f"ORCPT=rfc822;{rcpt}+2Bx@example.com"
            ])[0] == 250
        assert smtp.data(b"Subject: asked\r\n\r\nsecret\r\n")[0] == 250
    messages = [email.message_from_bytes(m, policy=email.policy.default)
                for m in wait_messages(hop, 4)]
    reports = [m for m in messages
               if m.get_content_type() == "multipart/report"]
    assert len(messages) == 4 and len(reports) == 2
    told, by = {}, set()
    for report in reports:
        about, rcpts = fields_of(report)
        assert about["Original-Envelope-Id"] == "q=r"
        assert "secret" not in report.as_string()
        told.update(rcpts)
        by.add(about["Reporting-MTA"].partition(";")[2].strip())
    assert by == {"mail.example.org", "relay.example"}
    assert {rcpt: (f["Action"], f["Original-Recipient"])
            for rcpt, f in told.items()} == {
        "to@example.org": ("delivered", "rfc822;to+x@example.com"),
        "gone@example.org": ("failed", "rfc822;gone+x@example.com")}
    assert told["gone@example.org"]["Status"] == "5.2.1"
    postern.wait_empty()
    notice, = postern.events("notice")
    assert "failed=1 delayed=0 relayed=0" in notice


@needs_root
def test_s_nail(postern, hop):
    program = shutil.which("s-nail") or pytest.fail("no s-nail")
    done = subprocess.run(
        [program, "-:/", "-S", "sendwait", "-S", f"mta={BUILD}/sendmail",
         "-S", "from=from@client.example", "-s", "a subject",
         "to@example.org"], input="a body\n.\nmore\n", text=True,
        capture_output=True, timeout=PATIENCE, check=False,
        env={**os.environ, "POSTERN_SUBMIT": str(postern.runtime / "submit")})
    assert done.returncode == 0, done.stderr
    arrived = wait_messages(hop, 1)[0]
    assert b"\nSubject: a subject\n" in arrived
    assert arrived.endswith(b"\n\na body\n.\nmore\n")


@needs_root
def test_postfix_as_client(tmp_path, postern, hop):
    """Postfix sends to postern, which sends to Postfix."""
    with peers.Postfix("relay", tmp_path / "relay",
                       next_port=postern.port) as client:
        with smtplib.SMTP("127.0.0.1", client.port, timeout=30) as smtp:
            for n in range(20):
                smtp.sendmail("from@client.example", ["to@example.org"],
                              LETTER.replace(b"folded", b"%d" % n),
                              ["BODY=8BITMIME"])
        messages = wait_messages(hop, 20)
        assert {m[m.index(b"?=\n ") + 4:].split(b"\n")[0]
                for m in messages} == {b"%d" % n for n in range(20)}
        fields = split_added(messages[0], LETTER[LETTER.index(b"X-Odd"):])
        assert len([1 for name, _ in fields if name == "Received"]) == 3
        wait_for(lambda: client.queued() == 0, what="Postfix's empty queue")
        assert not [line for line in client.log_lines()
                    if "status=deferred" in line or "warning:" in line
                    and "protocol" in line]
    postern.wait_empty()


def test_source_to_sink(tmp_path, capsys):
    messages = full(5000, 500)
    with peers.SmtpSink(tmp_path / "sink") as sink, Postern(
            tmp_path,
            f'route any to host "[127.0.0.1]" port {sink.port}') as p:
        seconds = peers.smtp_source(p.port, 20, messages, 2000)
        p.wait_empty(60)
        assert len(p.events("delivered")) == messages
        assert not p.events("deferred")
        say(capsys, f"smtp-source: {messages} messages, "
            f"{messages / seconds:.0f} a second")
