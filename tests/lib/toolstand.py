# SPDX-License-Identifier: ISC
# tests/lib/toolstand.py - postern-report alone, and a scripted server.
"""For tests of the tools that need no whole suite."""

import os
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

from harness import BUILD, PATIENCE, wait_for

FIRST_ID = 1 << 25
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def print_id(number):
    """As common/base/id.h prints it."""
    text = ""
    while number:
        text = LETTERS[number % 32] + text
        number //= 32
    return text


class Database:
    """A queue.db as queue leaves it, filled by hand."""

    def __init__(self, folder):
        folder = Path(folder) / "queue"
        folder.mkdir(mode=0o755, exist_ok=True)
        self.path = folder / "queue.db"
        subprocess.run([BUILD / "tests/schema", folder], check=True)
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("INSERT INTO destination(id, transport, host, port)"
                        " VALUES(1, 1, 'd.example', 25)")
        # the reader has another account
        for suffix in ("", "-wal", "-shm"):
            os.chmod(f"{self.path}{suffix}", 0o644)

    def fill(self, count, uid=None, start=0, rcpts=1, sender="s@x.example",
             error="451 try later"):
        now = int(time.time() * 1000)
        ids = range(FIRST_ID + start, FIRST_ID + start + count)
        self.db.execute("BEGIN")
        self.db.executemany(
            "INSERT INTO message(id, shard, size, received, class, uid,"
            " flags, sender, client, helo, message_id)"
            " VALUES(?, 1, 2048, ?, 1, ?, 0, ?,"
            " '192.0.2.1', 'client.example', '<m@x>')",
            ((i, now - 1000, uid, sender) for i in ids))
        self.db.executemany(
            "INSERT INTO grp VALUES(?, 1, 1, 3, ?, 2, ?)",
            ((i, now + 600000, error) for i in ids))
        self.db.executemany(
            "INSERT INTO recipient(message, grp, n, address)"
            " VALUES(?, 1, ?, ?)",
            ((i, n, f"r{n}@d.example") for i in ids for n in range(rcpts)))
        self.db.execute("COMMIT")
        return self

    def close(self):
        self.db.close()


class Stand:
    """build/tests/report: postern-report, confined, with a queue of straw."""

    def __init__(self, folder, stream=False):
        self.folder = Path(folder)
        self.control = self.folder / "control"
        self.log = self.folder / "report.log"
        os.chmod(self.folder, 0o755)
        (self.folder / "queue").mkdir(mode=0o755, exist_ok=True)
        self.process = subprocess.Popen(
            [BUILD / "tests/report", BUILD / "postern-report", self.folder,
             self.control] + (["stream"] if stream else []),
            stdin=subprocess.PIPE, stdout=open(self.log, "wb"),
            stderr=subprocess.STDOUT)
        wait_for(lambda: "ready\n" in self.log.read_text(), PATIENCE,
                 "postern-report")
        os.chmod(self.control, 0o666)

    def said(self):
        return self.log.read_text()

    def tool(self, *words, uid=None, timeout=PATIENCE, **more):
        argv = [BUILD / "postern", "-s", self.control, *words]
        if uid is not None:
            argv = ["setpriv", f"--reuid={uid}", f"--regid={uid}",
                    "--clear-groups", *argv]
        return subprocess.run([str(w) for w in argv], capture_output=True,
                              text=True, timeout=timeout, check=False, **more)

    def connect(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(PATIENCE)
        s.connect(str(self.control))
        return s

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Server:
    """An SMTP server on a UNIX socket that answers by a script.

    answers maps a verb ("RCPT", "DATA", "." for the end of data, "220" for
    the greeting) or a whole command to a reply, or to a list of replies, one
    each time; the last one stays.
    """

    USUAL = {"220": "220 mail.example.org ESMTP", "MAIL": "250 2.1.0 Ok",
             "RCPT": "250 2.1.5 Ok", "DATA": "354 Go on",
             ".": "250 2.0.0 queued as 1", "QUIT": "221 2.0.0 Bye",
             "RSET": "250 2.0.0 Ok"}
    EHLO = ("PIPELINING", "SIZE 1000000000", "8BITMIME", "DSN")

    def __init__(self, path, ehlo=EHLO, **answers):
        self.path = str(path)
        self.answers = dict(self.USUAL)
        lines = ["mail.example.org", *ehlo]
        self.answers["EHLO"] = "\r\n".join(
            f"250{'-' if i + 1 < len(lines) else ' '}{text}"
            for i, text in enumerate(lines))
        self.answers.update(answers.pop("script", {}))
        self.sessions = 0
        self.commands = []
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def answer(self, command):
        for key in (command, command.split(" ")[0].split(":")[0].upper()):
            reply = self.answers.get(key)
            if isinstance(reply, list):
                return reply.pop(0) if len(reply) > 1 else reply[0]
            if reply is not None:
                return reply
        return "500 5.5.1 What?"

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.sessions += 1
            try:
                with client, client.makefile("rwb") as f:
                    self.session(f)
            except OSError:
                pass  # the client was faster

    def session(self, f):
        def say(text):
            f.write(text.encode() + b"\r\n")
            f.flush()

        greeting = self.answer("220")
        if greeting == "close":
            return
        say(greeting)
        for line in f:
            assert line.endswith(b"\r\n"), line
            command = line[:-2].decode()
            self.commands.append(command)
            reply = self.answer(command)
            if reply == "close":
                return
            say(reply)
            if reply.startswith("354"):
                self.take_body(f)
                reply = self.answer(".")
                if reply == "close":
                    return
                say(reply)
            elif command == "QUIT":
                return

    def take_body(self, f):
        lines = []
        for line in f:
            assert line.endswith(b"\r\n"), line
            if line == b".\r\n":
                self.messages.append(b"".join(lines))
                return
            assert b"\r" not in line[:-2], line
            lines.append(line[1:] if line.startswith(b".") else line)

    def sent_to(self):
        return [c[len("RCPT TO:<"):].split(">")[0] for c in self.commands
                if c.startswith("RCPT")]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def sendmail(server, *words, message="", name="sendmail", uid=None,
             timeout=PATIENCE, **more):
    """Run build/sendmail against the server, or a path."""
    path = getattr(server, "path", server)
    argv = [str(BUILD / "sendmail"), *words]
    kwargs = {}
    if name != "sendmail":
        kwargs["executable"] = argv[0]
        argv[0] = name
    if uid is not None:
        argv = ["setpriv", f"--reuid={uid}", f"--regid={uid}",
                "--clear-groups", *argv]
    if isinstance(message, str):
        message = message.encode()
    return subprocess.run(
        argv, input=message, capture_output=True, timeout=timeout,
        check=False, env={**os.environ, "POSTERN_SUBMIT": str(path), **more},
        **kwargs)
