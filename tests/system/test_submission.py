# SPDX-License-Identifier: ISC
# tests/system/test_submission.py - what is done for, and asked of, programs
# and people that hand in mail of their own.
"""Submitted headers are made whole, and one sender has a limit."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, Sink, wait_for  # noqa: E402
from scripted import Scripted, good  # noqa: E402
from siege import bodies  # noqa: E402
from toolstand import sendmail as run_sendmail  # noqa: E402

USER, OTHER = 51001, 51002


@pytest.fixture
def folder(tmp_path):
    for part in [tmp_path, *tmp_path.parents][:3]:  # pytest made these
        if part.stat().st_uid == os.geteuid():
            part.chmod(0o755)
    return tmp_path


def as_user(suite, *words, uid=USER, message="Subject: x\n\nbody\n"):
    """sendmail as somebody who is not root; alone we are nobody else."""
    return run_sendmail(suite.runtime / "submit", *words, message=message,
                        uid=uid if os.geteuid() == 0 else None)


def socket_says(suite, *lines):
    """SMTP over the submission socket: the last line of each reply."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(str(suite.runtime / "submit"))
        f = s.makefile("rwb")

        def reply():
            while True:
                line = f.readline()
                if line[3:4] != b"-":
                    return line.decode()

        said = [reply()]
        for line in lines:
            f.write(line.replace("\n", "\r\n").encode() + b"\r\n")
            f.flush()
            said.append(reply())
        return said


def test_whole_header(folder):
    with Scripted(good) as server:
        suite = Postern(folder, 'route any to host "[127.0.0.1]" '
                        f"port {server.port}")
        try:
            said = socket_says(
                suite, "EHLO here", "MAIL FROM:<me@here.example>",
                "RCPT TO:<a@b.example>", "DATA",
                "Bcc: secret@b.example,\n\tmore@b.example\nSubject: x\n\n"
                "Bcc: text\n.", "QUIT")
            assert said[-2].startswith("250 2.0.0"), said
            wait_for(lambda: server.bodies, what="the message")
            text = server.bodies[0].decode()
            head, _, body = text.partition("\r\n\r\n")
            assert "secret" not in head and "more@" not in head
            names = [line.split(":")[0] for line in head.split("\r\n")
                     if line[:1] not in " \t"]
            assert names == ["Received", "Subject", "Date", "From",
                             "Message-ID"]
            assert "From: <me@here.example>" in head
            assert body == "Bcc: text\r\n"
            ours = head.partition("Message-ID: ")[2].split("\r\n")[0]
            assert suite.wait_event("queued")[0].endswith(
                f'message-id="{ours}"')
        finally:
            suite.stop()


def test_messages_of_a_user(folder):
    with Sink(folder) as sink:
        suite = Postern(folder, sink.route() +
                        "\nlimit local messages 2 per hour")
        try:
            for _ in range(2):
                done = as_user(suite, "a@b.example")
                assert done.returncode == 0, done.stderr
            done = as_user(suite, "a@b.example")
            assert done.returncode == os.EX_TEMPFAIL
            assert "may send 2 messages per hour" in done.stderr.decode()
            assert "may send 2 messages" in suite.wait_event("quota")[0]
            if os.geteuid() == 0:
                for uid in (OTHER, None, None, None):  # root has no limit
                    done = as_user(suite, "a@b.example", uid=uid)
                    assert done.returncode == 0, done.stderr
            suite.wait_empty()
            # nothing is left of what was refused
            wait_for(lambda: not bodies(suite), what="an empty spool")
        finally:
            suite.stop()


def test_recipients_of_a_user(folder):
    with Sink(folder) as sink:
        suite = Postern(folder, sink.route() +
                        "\nlimit local recipients 3 per day")
        try:
            three = [f"r{n}@b.example" for n in range(3)]
            done = as_user(suite, *three, "one-more@b.example")
            assert done.returncode == os.EX_TEMPFAIL
            assert "may send 3 recipients per day" in done.stderr.decode()
            done = as_user(suite, *three)
            assert done.returncode == 0, done.stderr
            sink.wait(3)
        finally:
            suite.stop()


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
