# SPDX-License-Identifier: ISC
# tests/system/test_dsn.py - what a sender is told (RFC 3461, 3464).
#
# Next servers are scripted: what they were told, and what was sent back, is
# read with Python's own mail parser.
"""Delivery status notifications, from MAIL to the next server."""

import email
import email.policy
import os
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import BUILD, Postern, free_port, wait_for  # noqa: E402
from scripted import PIPELINING, Scripted, good  # noqa: E402
from siege import bodies, check_spool  # noqa: E402

SENDER = "sender@client.example"
DSN = PIPELINING.replace("250-SIZE 0", "250-SIZE 0\r\n250-DSN")
TEXT = "Subject: my mail\r\nFrom: x@client.example\r\n\r\nits text\r\n"


def to(server, domain):
    port = server if isinstance(server, int) else server.port
    return f'route domain {domain} to host "[127.0.0.1]" port {port}\n'


def send(postern, rcpts, mail=(), sender=SENDER, text=TEXT):
    """rcpts: an address, or {address: [options]}."""
    if isinstance(rcpts, str):
        rcpts = {rcpts: []}
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        smtp.ehlo()
        code, said = smtp.mail(sender, list(mail))
        assert code == 250, said
        for address, options in rcpts.items():
            code, said = smtp.rcpt(address, options)
            assert code == 250, said
        code, said = smtp.data(text.encode("utf-8", "surrogateescape"))
        assert code == 250, said


class Report:
    """A notification: its parts, and the fields of each recipient."""

    def __init__(self, body):
        assert all(len(line) <= 998 for line in body.split(b"\r\n"))
        self.message = email.message_from_bytes(
            body, policy=email.policy.SMTP)
        m = self.message
        assert not m.defects
        assert m.get_content_type() == "multipart/report"
        assert m.get_param("report-type") == "delivery-status"
        assert m["Auto-Submitted"] == "auto-replied"
        assert m["From"].addresses[0].addr_spec == (
            "MAILER-DAEMON@relay.example")
        assert m["Date"].datetime and m["Message-ID"] and m["Subject"]
        words, status, self.returned = m.get_payload()
        assert words.get_content_type() == "text/plain"
        assert status.get_content_type() == "message/delivery-status"
        self.words = words.get_content()
        self.about, *fields = status.get_payload()
        assert self.about["Reporting-MTA"] == "dns;relay.example"
        assert self.about["Arrival-Date"]
        self.rcpts = {f["Final-Recipient"].partition(";")[2]: f
                      for f in fields}

    def actions(self):
        return {rcpt: f["Action"] for rcpt, f in self.rcpts.items()}


def reports(server):
    return [Report(body) for body in server.bodies]


def wait_reports(server, n=1):
    wait_for(lambda: len(server.bodies) >= n, what=f"{n} reports")
    return reports(server)


def wait_over(postern, server, n):
    """Nothing more is to come, and there are so many reports."""
    postern.wait_empty()
    wait_for(lambda: not bodies(postern), what="bodies to be removed")
    assert len(server.bodies) == n
    return reports(server)


def heard(server, verb):
    return [line for line in server.heard if line.startswith(verb)]


def test_passed_on(tmp_path):
    """A server that offers DSN is told all of it, and tells itself."""
    with Scripted(good, ehlo=DSN) as hop, Scripted(good) as back, \
            Postern(tmp_path, to(hop, "example.org") +
                    to(back, "client.example") +
                    'postmaster "pm@example.org"\n') as p:
        send(p, {"a@example.org": ["NOTIFY=SUCCESS,DELAY",
                                   "ORCPT=rfc822;A+2Bx@example.com"],
                 "b@example.org": [],
                 "postmaster": ["NOTIFY=NEVER"],
                 "c@example.org": ["ORCPT=x-y;c+20d"]},
             ["RET=HDRS", "ENVID=q+3Dr"])
        wait_over(p, back, 0)
        assert heard(hop, "MAIL") == [
            f"MAIL FROM:<{SENDER}> SIZE={len(hop.bodies[0])}"
            " RET=HDRS ENVID=q+3Dr"]
        assert heard(hop, "RCPT") == [
            "RCPT TO:<a@example.org> NOTIFY=SUCCESS,DELAY"
            " ORCPT=rfc822;A+2Bx@example.com",
            "RCPT TO:<b@example.org>",
            "RCPT TO:<pm@example.org> NOTIFY=NEVER"
            " ORCPT=rfc822;postmaster@relay.example",
            "RCPT TO:<c@example.org> ORCPT=x-y;c+20d"]


def test_sendmail(tmp_path):
    """-N, -R and -V of sendmail, over the submission socket."""
    with Scripted(good, ehlo=DSN) as hop, \
            Postern(tmp_path, to(hop, "example.org")) as p:
        subprocess.run(
            [str(BUILD / "sendmail"), "-f", SENDER, "-N",
             "success,delay", "-R", "hdrs", "-V", "a=b c", "a@example.org"],
            input=TEXT, text=True, check=True, timeout=30,
            env={**os.environ, "POSTERN_SUBMIT": str(p.runtime / "submit")})
        wait_for(lambda: hop.bodies, what="the message")
        assert heard(hop, "MAIL")[0].endswith(" RET=HDRS ENVID=a+3Db+20c")
        assert heard(hop, "RCPT") == [
            "RCPT TO:<a@example.org> NOTIFY=SUCCESS,DELAY"]


def test_relayed(tmp_path):
    """One that does not: who asked is told that his mail was passed on."""
    with Scripted(good, rcpt={"bad@": "550 5.1.1 nobody"}) as hop, \
            Scripted(good) as back, \
            Postern(tmp_path, to(hop, "example.org") +
                    to(back, "client.example")) as p:
        send(p, {"a@example.org": ["NOTIFY=SUCCESS",
                                   "ORCPT=rfc822;a+2Bx@example.com"],
                 "b@example.org": ["NOTIFY=FAILURE,DELAY"],
                 "c@example.org": ["NOTIFY=NEVER"], "d@example.org": []},
             ["RET=FULL", "ENVID=q+3Dr"])
        report, = wait_over(p, back, 1)
        assert heard(hop, "MAIL")[0].count("=") == 1  # SIZE
        assert heard(hop, "RCPT")[0] == "RCPT TO:<a@example.org>"
        assert report.actions() == {"a@example.org": "relayed"}
        assert report.about["Original-Envelope-Id"] == "q=r"
        rcpt = report.rcpts["a@example.org"]
        assert rcpt["Original-Recipient"] == "rfc822;a+x@example.com"
        assert rcpt["Status"] == "2.0.0"
        assert rcpt["Remote-MTA"] == "dns;[127.0.0.1]"
        assert rcpt["Diagnostic-Code"] == "smtp; 250 2.0.0 taken"
        assert report.returned.get_content_type() == "text/rfc822-headers"
        # and one attempt that ends in both ways has one report
        send(p, {"a@example.org": ["NOTIFY=SUCCESS"], "bad@example.org": []})
        report = wait_over(p, back, 2)[1]
        assert report.actions() == {"a@example.org": "relayed",
                                    "bad@example.org": "failed"}
        assert report.message["Subject"] == "Your mail could not be delivered"
        assert report.returned.get_content_type() == "message/rfc822"


@pytest.fixture(scope="module", name="refusing")
def fixture_refusing(tmp_path_factory):
    """Every recipient at example.org is refused."""
    with Scripted(good, rcpt="550 5.1.1 <nobody> of that name") as hop, \
            Scripted(good) as back, Postern(
                tmp_path_factory.mktemp("refusing"),
                to(hop, "example.org") + to(back, "client.example") +
                "limit bounce size 1k\n") as p:
        yield p, back
        p.stop()
        check_spool(p)


@pytest.mark.parametrize("notify, told", [
    ("", True), ("NEVER", False), ("FAILURE", True), ("SUCCESS", False),
    ("DELAY", False), ("SUCCESS,DELAY", False), ("SUCCESS,FAILURE", True),
    ("FAILURE,DELAY", True), ("SUCCESS,FAILURE,DELAY", True)])
def test_failure(refusing, notify, told):
    p, back = refusing
    back.bodies.clear()
    silent = len(p.events("not-told"))
    send(p, {"a@example.org": [f"NOTIFY={notify}"] if notify else []})
    if not told:
        wait_for(lambda: len(p.events("not-told")) > silent, what="not-told")
    found = wait_over(p, back, 1 if told else 0)
    assert len(p.events("not-told")) == silent + (not told)
    if not told:
        return
    assert found[0].actions() == {"a@example.org": "failed"}
    rcpt = found[0].rcpts["a@example.org"]
    assert rcpt["Status"] == "5.1.1"
    assert rcpt["Diagnostic-Code"] == (
        "smtp; 550 5.1.1 <nobody> of that name")
    assert rcpt["Original-Recipient"] is None
    assert "550 5.1.1 <nobody> of that name" in found[0].words
    assert "Look for a mistake in the part before the @." in found[0].words


@pytest.mark.parametrize("options, text, whole, eight", [
    ([], TEXT, True, False), (["RET=FULL"], TEXT, True, False),
    (["RET=HDRS"], TEXT, False, False),
    (["RET=FULL"], TEXT + "x" * 900 + "\r\n", False, False),
    ([], TEXT + "h\u00e9\r\n", True, True),
    (["RET=HDRS"], TEXT + "h\u00e9\r\n", False, False),
    (["RET=HDRS"], "X: h\u00e9\r\n" + TEXT, False, True),
    ([], TEXT + "--=_postern_\r\n", True, False)])
def test_returned(refusing, options, text, whole, eight):
    p, back = refusing
    back.bodies.clear()
    back.heard.clear()
    send(p, "a@example.org", options, text=text)
    report, = wait_over(p, back, 1)
    returned = report.returned
    assert returned["Content-Transfer-Encoding"] == ("8bit" if eight else None)
    assert ("BODY=8BITMIME" in heard(back, "MAIL")[0]) == eight
    content = back.bodies[0].replace(b"\r\n..", b"\r\n.")
    assert (text.encode() in content) == whole
    if whole:
        assert returned.get_content_type() == "message/rfc822"
        assert returned.get_payload()[0]["Subject"] == "my mail"
    else:
        assert returned.get_content_type() == "text/rfc822-headers"
        assert b"\r\nSubject: my mail\r\n" in content
        assert b"its text" not in content


def test_one_report_for_all(refusing):
    p, back = refusing
    back.bodies.clear()
    send(p, {"a@example.org": [], "b@example.org": ["NOTIFY=NEVER"],
             "c@example.org": ["ORCPT=rfc822;C@example.org"]})
    report, = wait_over(p, back, 1)
    assert report.actions() == {"a@example.org": "failed",
                                "c@example.org": "failed"}


def test_by_age(tmp_path):
    """Delay and expiry need no attempt: the destination sleeps all along."""
    with Scripted(good) as back, Postern(
            tmp_path, to(free_port(), "asleep.example") +
            to(back, "client.example") +
            "warn after 1s\nexpire 1h\nexpire bounce 1h\n") as p:
        send(p, {"a@asleep.example": [], "b@asleep.example": [],
                 "c@asleep.example": ["NOTIFY=NEVER"],
                 "d@asleep.example": ["NOTIFY=FAILURE"]}, ["ENVID=e"])
        send(p, "x@asleep.example", sender="")
        delayed = wait_reports(back)[0]
        assert delayed.actions() == {"a@asleep.example": "delayed",
                                     "b@asleep.example": "delayed"}
        rcpt = delayed.rcpts["a@asleep.example"]
        assert rcpt["Status"] == "4.4.1"
        assert "refused" in rcpt["Diagnostic-Code"]
        assert rcpt["Will-Retry-Until"]
        assert delayed.message["Subject"] == "Your mail is delayed"
        assert delayed.about["Original-Envelope-Id"] == "e"
        # told once: the next one to be told is another's sender
        send(p, {"e@asleep.example": ["NOTIFY=DELAY"]})
        assert wait_reports(back, 2)[1].actions() == {
            "e@asleep.example": "delayed"}
        p.reload(p.conf.read_text().replace("expire 1h", "expire 1s")
                 .replace("bounce 1h", "bounce 4s"))
        failed = wait_reports(back, 3)[2]
        assert failed.actions() == {"a@asleep.example": "failed",
                                    "b@asleep.example": "failed",
                                    "d@asleep.example": "failed"}
        assert failed.rcpts["a@asleep.example"]["Status"] == "5.4.7"
        assert "refused" in failed.words
        # the one without a sender is held: there is no postmaster to tell
        p.wait_event("double-bounce")
        wait_for(lambda: [row["recipients"][0]["state"]
                          for row in p.queue()] == ["held"], what="held")
        assert len(p.events("asleep")) == 1
        assert len(p.events("notice")) == 3


def test_age_and_orders(tmp_path):
    """A suspended destination's mail grows old, held mail does not; after a
    restart nobody is told of a delay again."""
    with Scripted(good) as hop, Scripted(good) as back, Postern(
            tmp_path, to(hop, "example.org") + to(back, "client.example") +
            "warn after 1s\nexpire 1h\n") as p:
        send(p, "first@example.org")
        p.wait_event("delivered")
        p.tool("suspend", "127.0.0.1")
        send(p, "held@example.org")
        held = p.queue()[0]["id"]

        def hold():
            p.tool("hold", held, check_status=False)
            return p.queue()[0]["recipients"][0]["state"] == "held"
        wait_for(hold, what="held")
        send(p, "a@example.org")
        assert "delayed=1" in p.wait_event("notice")[0]
        p.stop()
        p.write_conf(p.conf.read_text().replace(" 1h", " 1s"))
        p.start()
        assert "failed=1" in p.wait_event("notice")[0]
        p.tool("resume", "127.0.0.1")
        found = wait_reports(back, 2)
        assert {tuple(r.actions().items()) for r in found} == {
            (("a@example.org", "delayed"),), (("a@example.org", "failed"),)}
        wait_for(lambda: [row["id"] for row in p.queue()] == [held],
                 what="only the held one in the queue")
        assert len(hop.bodies) == 1


def test_never_warned(tmp_path):
    with Scripted(good) as back, Postern(
            tmp_path, to(free_port(), "asleep.example") +
            to(back, "client.example") +
            "warn after never\nexpire 2s\n") as p:
        send(p, "a@asleep.example")
        report, = wait_reports(back)
        assert report.actions() == {"a@asleep.example": "failed"}
        wait_over(p, back, 1)


def test_expired_without_its_body(tmp_path):
    """A body that cannot be read does not keep its sender from being told."""
    with Scripted(good) as back, Postern(
            tmp_path, to(free_port(), "asleep.example") +
            to(back, "client.example") +
            "warn after never\nexpire 1h\n") as p:
        send(p, "a@asleep.example")
        p.wait_event("asleep")
        body, = bodies(p)
        body.unlink()
        p.reload(p.conf.read_text().replace("expire 1h", "expire 1s"))
        report, = wait_reports(back)
        assert report.actions() == {"a@asleep.example": "failed"}
        wait_over(p, back, 1)
