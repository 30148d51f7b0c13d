# SPDX-License-Identifier: ISC
# tests/lib/tlskit.py - certificates for tests of TLS, and a client that can
# stop anywhere.
"""Pair makes a certificate and its key; TlsClient talks SMTP through TLS."""

import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

KINDS = {"rsa": ["-newkey", "rsa:2048"],
         "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
         "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]}


def openssl(*words, stdin=None):
    return subprocess.run(["openssl", *map(str, words)], check=True,
                          input=stdin, capture_output=True).stdout


class Pair:
    """A self-signed certificate for some names, in a folder."""

    def __init__(self, folder, label, *names, kind="p256"):
        self.certificate = Path(folder) / f"{label}.pem"
        self.key = Path(folder) / f"{label}.key"
        self.make(*(names or ("relay.example",)), kind=kind)

    def make(self, *names, kind="p256"):
        """Another pair in the same files, by renaming as ACME clients do."""
        new = [path.with_suffix(path.suffix + ".new")
               for path in (self.certificate, self.key)]
        old = os.umask(0o077)
        try:
            openssl("req", "-x509", *KINDS[kind], "-nodes", "-days", "30",
                    "-subj", f"/CN={names[0]}", "-addext", "subjectAltName=" +
                    ",".join(f"DNS:{name}" for name in names),
                    "-out", new[0], "-keyout", new[1])
        finally:
            os.umask(old)
        for path in new:
            path.rename(path.with_suffix(""))
        return self

    def words(self):
        return f'certificate "{self.certificate}" key "{self.key}"'

    def statement(self):
        return f"tls {self.words()}\n"

    def der(self):
        return ssl.PEM_cert_to_DER_cert(self.certificate.read_text())


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for s in (source, sink):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def couple(one, other):
    """What one says goes to the other, both ways, until one ends."""
    there = threading.Thread(target=pump, args=(one, other), daemon=True)
    there.start()
    pump(other, one)
    there.join()


class SServer:
    """OpenSSL's s_server on a connection that has begun in clear text.

    It knows no SMTP: bytes are handed to it, and what it decrypts is `file`,
    what it is to say goes through sendall().  One that is stopped takes a
    connection, and says nothing.
    """

    def __init__(self, sock, files, *words, stopped=False):
        path = Path(tempfile.mkdtemp(dir=Path(files[0]).parent)) / "s"
        self.said = path.parent / "said"
        with open(self.said, "wb") as said:
            self.process = subprocess.Popen(
                ["openssl", "s_server", "-brief", "-naccept", "1", "-unix",
                 path.name, "-cert", files[0], "-key", files[1],
                 "-cert_chain", files[0], *words],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
                cwd=path.parent)  # it takes no long path
        end = time.monotonic() + 20
        inner = socket.socket(socket.AF_UNIX)
        while inner.connect_ex(str(path)) != 0:
            assert time.monotonic() < end and self.process.poll() is None
            time.sleep(0.01)
        if stopped:
            self.process.send_signal(signal.SIGSTOP)
        threading.Thread(target=couple, args=(sock, inner),
                         daemon=True).start()
        self.file = self.process.stdout

    def sendall(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def session(self):
        """The protocol and cipher that it says it has agreed on."""
        said = dict(line.split(": ", 1)
                    for line in self.said.read_text().splitlines()
                    if ": " in line)
        return f"{said['Protocol version']} {said['Ciphersuite']}"

    def end(self):
        self.process.kill()
        self.process.wait()


def context(**settings):
    """A client's; nothing is verified unless ca is given."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    for name, value in settings.items():
        if name == "ciphers":
            made.set_ciphers(value)
        else:
            setattr(made, name, value)
    return made


class TlsClient:
    """SMTP as far as a test wants it.

    implicit: TLS from the first byte; name: the SNI.  The greeting is read,
    and with start=False nothing more.
    """

    def __init__(self, target, port=None, *, implicit=False, start=True,
                 name=None, timeout=20, ctx=None):
        self.plain = self.socket = socket.create_connection(
            (target.addr, port or target.port), timeout)
        self.ctx, self.name = ctx or context(), name
        self.held = b""
        if implicit:
            self.wrap()
        self.greeting = self.reply()
        if start and not implicit:
            assert self.say("EHLO c.example").startswith("250")
            assert self.say("STARTTLS").startswith("220 ")
            self.wrap()

    def wrap(self):
        self.socket = self.ctx.wrap_socket(
            self.plain, server_hostname=self.name, do_handshake_on_connect=True,
            suppress_ragged_eofs=False)

    def line(self):
        while b"\n" not in self.held:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(self.held)
            self.held += more
        line, _, self.held = self.held.partition(b"\n")
        return line.decode().rstrip("\r")

    def reply(self):
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return "\n".join(lines)

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def say(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def envelope(self, sender="a@c.example", rcpt="b@d.example"):
        """Up to the 354."""
        for line in ("EHLO c.example", f"MAIL FROM:<{sender}>",
                     f"RCPT TO:<{rcpt}>"):
            reply = self.say(line)
            assert reply.startswith("250"), reply
        assert self.say("DATA").startswith("354")

    def mail(self, body=b"Subject: t\r\n\r\nhello\r\n"):
        self.envelope()
        self.send(body + b".\r\n")
        return self.reply()

    def certificate(self):
        return self.socket.getpeercert(binary_form=True)

    def facts(self):
        return self.socket.version(), self.socket.cipher()[0]

    def notify(self):
        """close_notify, and nothing else."""
        self.socket.settimeout(20)
        try:
            self.plain_socket = self.socket.unwrap()
        except (ssl.SSLError, OSError):
            pass

    def cut(self):
        """The connection ends without close_notify."""
        raw = socket.socket(fileno=self.socket.detach())
        raw.close()

    def at_end(self):
        """True when the other side has closed."""
        try:
            return self.socket.recv(65536) == b""
        except (ssl.SSLEOFError, ConnectionResetError):
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
