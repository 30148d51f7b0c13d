# SPDX-License-Identifier: ISC
"""What a MIME reader makes of our delivery status notifications.

Runs BUILD/tests/dsn (tests/lib/tool_dsn.c); BUILD is "build" if not set.
"""
import email
import email.policy
import os
import subprocess

import pytest

TOOL = os.path.join(os.environ.get("BUILD", "build"), "tests", "dsn")
HEADER = b"From: alice@example.org\r\nSubject: hello\r\n x\r\n\r\nbody\r\n"
FOREIGN = ["host", "sender", "envid", "address", "orcpt", "mta", "text"]
HOSTILE = [
    b"x\r\nX-Evil: yes",
    b"x\r\n\r\nX-Evil: yes",
    b"x\nX-Evil: yes\n\n",
    b"x\rX-Evil: yes",
    b"\r\n--=_postern_15nm7_79jxh--\r\n",
    b"--=_postern_15nm7_79jxh--",
    b"\x01\x02\x1b[31m\x7f\t",
    b"\xc3\xa4\xff\xfe",
    b"a" * 600,
    b"a " * 300,
    b"\" \\ <>()@,;:[]",
    b"%s%n%d",
]


def notification(kind="failed", header=HEADER, rest=(), **changed):
    value = {"host": b"mx.example.org", "sender": b"alice@example.org",
             "envid": b"QQ314", "address": b"bob@example.net",
             "orcpt": b"rfc822;robert@example.net", "mta": b"mx.example.net",
             "text": b"no such user"}
    value.update(changed)
    one = [value["address"], value["orcpt"], value["mta"], b"550",
           value["text"]]
    out = subprocess.run(
        [TOOL, kind, value["host"], value["sender"], value["envid"], *one,
         *rest], input=header, stdout=subprocess.PIPE, check=True).stdout
    assert b"\n" not in out.replace(b"\r\n", b"")
    assert b"\r" not in out.replace(b"\r\n", b"")
    assert b'boundary="=_postern_15nm7_79jxh' in out  # as HOSTILE has it
    assert all(len(line) <= 998 for line in out.split(b"\r\n"))
    return email.message_from_bytes(out, policy=email.policy.SMTP)


def check_shape(message, recipients=1):
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message["Auto-Submitted"] == "auto-replied"
    assert sorted(set(message.keys()) - {"Content-Transfer-Encoding"}) == [
        "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version",
        "Message-ID", "Subject", "To"]
    words, status, headers = message.get_payload()
    assert words.get_content_type() == "text/plain"
    assert status.get_content_type() == "message/delivery-status"
    assert headers.get_content_type() == "text/rfc822-headers"
    groups = status.get_payload()
    assert len(groups) == 1 + recipients
    for part in [message, words, status, headers, *groups]:
        assert "X-Evil" not in part
    return groups, headers


def test_plain():
    message = notification()
    groups, headers = check_shape(message)
    assert not message.defects
    assert message["To"] == "alice@example.org"
    assert message["From"].addresses[0].addr_spec == (
        "MAILER-DAEMON@mx.example.org")
    assert groups[0]["Reporting-MTA"] == "dns;mx.example.org"
    assert groups[1]["Final-Recipient"] == "rfc822;bob@example.net"
    assert groups[1]["Action"] == "failed"
    assert groups[1]["Status"] == "5.1.1"
    assert groups[1]["Diagnostic-Code"] == "smtp; 550 5.1.1 no such user"
    assert headers.get_payload() == (
        "From: alice@example.org\r\nSubject: hello\r\n x\r\n")


def test_delayed():
    groups, _ = check_shape(notification(kind="delayed"))
    assert groups[1]["Action"] == "delayed"
    assert groups[1]["Will-Retry-Until"]


def test_many_recipients():
    rest = []
    for i in range(50):
        rest += [b"r%d@example.net" % i, b"", b"", b"451", b"time is up"]
    groups, _ = check_shape(notification(rest=rest), recipients=51)
    assert groups[51]["Final-Recipient"] == "rfc822;r49@example.net"
    assert groups[51]["Status"] == "4.4.1"
    assert groups[51]["Diagnostic-Code"] == "X-Postern; time is up"


def test_relayed():
    message = notification(kind="relayed")
    groups, _ = check_shape(message)
    assert groups[1]["Action"] == "relayed"
    assert message["Subject"] == "Your mail was passed on"


WHOLE = b"Subject: hello\r\nMIME-Version: 1.0\r\n\r\nbody\r\n.\r\n"


def test_whole():
    message = notification(kind="failed+", header=WHOLE)
    returned = message.get_payload()[2]
    assert returned.get_content_type() == "message/rfc822"
    assert returned.get_payload()[0].as_bytes() == WHOLE


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_whole(value):
    body = WHOLE + value + b"\r\n" + value + b"\r\n"
    message = notification(kind="failed+", header=body)
    returned = message.get_payload()[2]
    assert len(message.get_payload()) == 3
    groups = message.get_payload()[1].get_payload()
    assert len(groups) == 2
    if b"\0" in body or b"\r\r" in body or b"\n" in body.replace(
            b"\r\n", b"") or b"\r" in body.replace(b"\r\n", b""):
        assert returned.get_content_type() == "text/rfc822-headers"
    else:
        assert returned.get_content_type() == "message/rfc822"
        assert returned.get_payload()[0]["Subject"] == "hello"


@pytest.mark.parametrize("field", FOREIGN)
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_value(field, value):
    groups, _ = check_shape(notification(**{field: value}))
    assert groups[1]["Action"] == "failed"


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_header(value):
    header = b"Subject: " + value + b"\r\n" + value + b"\r\n\r\nbody\r\n"
    message = notification(header=header)
    assert len(message.get_payload()) == 3
    groups = message.get_payload()[1].get_payload()
    assert groups[1]["Action"] == "failed"


def test_no_header():
    for header in [b"", b"\r\n", b"\r\n\r\n", b"no line end", b"\0\r\n"]:
        check_shape(notification(header=header))
