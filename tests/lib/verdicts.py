# SPDX-License-Identifier: ISC
# tests/lib/verdicts.py - servers with TLS of every kind, a signed DNS that
# leads to them, and a table of what comes of mail for each.
#
# A row is a domain; all rows are mailed at once, through one postern.  What
# the server saw, what the log says and what postern trace says must agree.
"""Rows of the verdicts of TLS and DANE.

    class Mine(Table):
        def make(self):
            self.add("right", self.server(files), [record(3, 1, 1, files)],
                     DANE)

    with table.lab() as lab, Postern(path, table.conf(lab)) as postern:
        assert table.run(postern) == {}
"""

import functools
import hashlib
import re
import socket
import ssl
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1] / "peers"))
import peers  # noqa: E402
import tlskit  # noqa: E402
from harness import PATIENCE, free_port, wait_for  # noqa: E402
from lab import Lab  # noqa: E402
from scripted import FINE, Hangup, Scripted  # noqa: E402

OFFER = "250-sink.example\r\n250-SIZE 0\r\n250-STARTTLS\r\n250 8BITMIME"
BODY = b"Subject: secret\r\n\r\nhello\r\n"
WORKERS = "workers smtpd 1\nworkers deliver 1\nlimit tls handshake 2s\n"

# What comes of a message: how it is carried, and how the server is verified
# or with which words it waits.
IN_TLS, IN_CLEAR, LATER = "in tls", "in clear", "later"
CLEAR, TLS = (IN_CLEAR, None), (IN_TLS, "no")
NAME, DANE = (IN_TLS, "name"), (IN_TLS, "dane")


# -- certificates ----------------------------------------------------------

def certificate(folder, label, names, *more):
    """Self-signed, and so an authority of its own."""
    files = [Path(folder) / f"{label}.{kind}" for kind in ("pem", "key")]
    tlskit.openssl("req", "-x509", *tlskit.KINDS["p256"], "-nodes", "-days",
                   "9", *more, "-subj", "/CN=x", "-addext",
                   f"subjectAltName={names}", "-out", files[0], "-keyout",
                   files[1])
    return files


def issued(folder, label, names, authority, *, sends=True):
    """Signed by the authority, whose certificate it sends behind its own."""
    files = certificate(folder, label, names, "-CA", authority[0], "-CAkey",
                        authority[1])
    if sends:
        files[0].write_text(files[0].read_text() + authority[0].read_text())
    return files


def expired(folder, label, names, authority=None):
    """Of yesterday: self-signed, or signed by the authority."""
    files = [Path(folder) / f"{label}.{kind}" for kind in ("pem", "key")]
    wanted = Path(folder) / f"{label}.csr"
    tlskit.openssl("req", "-new", *tlskit.KINDS["p256"], "-nodes", "-subj",
                   "/CN=x", "-addext", f"subjectAltName={names}", "-out",
                   wanted, "-keyout", files[1])
    by = ["-signkey", files[1]] if authority is None else \
        ["-CA", authority[0], "-CAkey", authority[1], "-set_serial", "2"]
    made = tlskit.openssl("x509", "-req", "-in", wanted, "-copy_extensions",
                          "copy", "-days", "-1", *by)
    files[0].write_bytes(
        made + (b"" if authority is None else authority[0].read_bytes()))
    return files


def der(files):
    return ssl.PEM_cert_to_DER_cert(
        files[0].read_text().partition("-----END")[0] +
        "-----END CERTIFICATE-----\n")


@functools.cache
def key_of(path):
    pem = tlskit.openssl("x509", "-in", path, "-pubkey", "-noout")
    return tlskit.openssl("pkey", "-pubin", "-outform", "DER", stdin=pem)


def spki(files):
    return key_of(files[0])


def record(usage, selector, matching, files, spoil=False):
    """The data of a TLSA record, of these files' certificate."""
    data = spki(files) if selector else der(files)
    if matching:
        data = getattr(hashlib, "sha256" if matching == 1 else "sha512")(
            data).digest()
    if spoil:
        data = bytes([data[0] ^ 1]) + data[1:]
    return f"{usage} {selector} {matching} {data.hex()}"


def unusable(files):
    """Records of which none counts."""
    return [record(1, 1, 1, files), record(3, 7, 1, files),
            record(3, 1, 9, files), "3 1 1 abcd"]


# -- servers ---------------------------------------------------------------

def server_context(files, old=False):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(*files)
    if old:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            ctx.minimum_version = ssl.TLSVersion.TLSv1
            ctx.maximum_version = ssl.TLSVersion.TLSv1
        ctx.set_ciphers("DEFAULT:@SECLEVEL=0")
    return ctx


def speaks_tls1(port):
    """Whether the server there can do TLS 1.0 at all."""
    ctx = tlskit.context(ciphers="DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        ctx.minimum_version = ssl.TLSVersion.TLSv1
        ctx.maximum_version = ssl.TLSVersion.TLSv1
    with socket.create_connection(("127.0.0.1", port), 20) as s:
        f = s.makefile("rb")
        for line in (b"", b"EHLO c.example\r\n", b"STARTTLS\r\n"):
            s.sendall(line)
            while f.readline()[3:4] == b"-":
                pass
        with ctx.wrap_socket(s) as inner:
            return inner.version() == "TLSv1"


def secure(peer, ctx):
    peer.file.close()
    peer.sock = ctx.wrap_socket(peer.sock, server_side=True)
    peer.file = peer.sock.makefile("rb")


def by_python(peer):
    secure(peer, peer.server.ctx)


def by_openssl(peer, stopped=False):
    """Its own server, behind the 220; or one that is stopped."""
    server = peer.server
    words = ("-tls1", "-cipher", "DEFAULT@SECLEVEL=0") if server.old else ()
    peer.sock = tlskit.SServer(peer.sock, server.files, *words,
                               stopped=stopped)
    peer.file = peer.sock.file
    server.ended.append(peer.sock.end)


ENGINES = {"python": by_python, "s_server": by_openssl}


def silent(peer):
    """Swallows all, until the other end has gone."""
    while peer.sock.recv(65536):
        pass
    raise Hangup


def refused(peer):
    peer.say("454 4.7.0 not now")


def injected(peer):
    """One segment; the handshake then works."""
    peer.say(b"220 go\r\n250 more\r\n")
    ENGINES[peer.server.engine](peer)


def behind(peer):
    """A segment of its own: what the handshake fails by."""
    peer.say("220 go")
    time.sleep(0.1)
    peer.say("250-sink.example\r\n250 8BITMIME")
    silent(peer)


def hangs(peer):
    peer.say("220 go")
    if peer.server.engine == "s_server":
        by_openssl(peer, stopped=True)
        peer.file.read()
        raise Hangup
    silent(peer)


def nonsense(peer):
    peer.say("220 go")
    peer.sock.recv(65536)
    peer.say(b"this is not TLS at all\r\n")
    raise Hangup


def fine(peer):
    peer.say("220 go")
    ENGINES[peer.server.engine](peer)


# what is done at STARTTLS
WAYS = {"refused": refused, "injected": injected, "behind": behind,
        "hangs": hangs, "nonsense": nonsense}


def session_of(peer):
    """What the server says of its TLS; None in clear text."""
    if isinstance(peer.sock, ssl.SSLSocket):
        return f"{peer.sock.version()} {peer.sock.cipher()[0]}"
    if isinstance(peer.sock, tlskit.SServer):
        return peer.sock.session()
    return None


def speak(peer, server, how=None):
    """A session after its greeting; bodies are kept by what carried them."""
    while True:
        line = peer.hear()
        verb = line.split(" ")[0].split(":")[0].lower()
        inside = isinstance(peer.sock, (ssl.SSLSocket, tlskit.SServer))
        if verb == "ehlo":
            server.ehlos.append(inside)
            peer.say(OFFER.replace("250-STARTTLS\r\n", "")
                     if inside or how == "none" else OFFER)
        elif verb == "starttls":
            WAYS.get(how, fine)(peer)
        elif verb == "data":
            peer.say("354 go on")
            server.taken.append((session_of(peer), peer.body()))
            peer.say("250 2.0.0 taken")
        else:
            peer.say(FINE.get(verb, "500 5.5.1 what?"))
            if verb == "quit":
                return


def starttls(peer, how=None):
    peer.say(FINE["greeting"])
    speak(peer, peer.server, how)


def implicit(peer):
    secure(peer, peer.server.ctx)
    peer.say(FINE["greeting"])
    speak(peer, peer.server)


class Server(Scripted):
    """SMTP by us, TLS by the engine, with that certificate.  taken: what the
    server says of the session, and the body."""

    def __init__(self, files, how=None, script=starttls, engine="python",
                 **where):
        self.old = how == "old"
        self.files, self.engine = files, engine
        self.ctx = server_context(files, self.old)
        self.ehlos, self.taken, self.ended = [], [], []
        words = {} if script is implicit else {"how": how}
        super().__init__(script, **where, **words)

    def forget(self):
        for what in (self.ehlos, self.taken, self.heard):
            what.clear()

    def close(self):
        for end in self.ended:
            end()
        self.__exit__(ValueError)


RECEIVED = re.compile(rb"\(using (\S+) with cipher (\S+) ")


class Postfix:
    """One Postfix that takes mail for everybody; files: the certificate of
    each of its services, by what they do.  serve(way) is a server."""

    def __init__(self, folder, files):
        self.folder = Path(folder)
        self.folder.mkdir()
        ports = set()
        while len(ports) <= len(files):
            ports.add(free_port())
        self.ports = dict(zip(files, ports))
        self.hop = peers.Postfix("next-hop", self.folder / "hop", port=(
            ports - set(self.ports.values())).pop(), settings={
            "virtual_mailbox_domains": "static:all", "notify_classes": "",
            "smtpd_tls_received_header": "yes",
            "smtpd_client_connection_count_limit": "0"},
            services={self.ports[way]: self.settings(way, pair)
                      for way, pair in files.items()}).start()

    def settings(self, way, files):
        if way == "none":
            return {"smtpd_tls_security_level": "none"}
        key = files[1]
        if way == "refused":
            key = self.folder / "broken.key"
            key.write_text("this is no key\n")
        made = {"smtpd_tls_security_level": "may",
                "smtpd_tls_cert_file": files[0], "smtpd_tls_key_file": key}
        if way == "old":
            made.update({"smtpd_tls_protocols": ">=TLSv1, <=TLSv1",
                         "tls_medium_cipherlist": "DEFAULT:@SECLEVEL=0"})
        return made

    @property
    def taken(self):
        """What its Received line says of the session, and the body."""
        wait_for(lambda: self.hop.queued() == 0, what="Postfix's queue")
        found = []
        for message in self.hop.messages():
            said = RECEIVED.search(message.partition(b"Received: from c.")[0])
            found.append((said and b" ".join(said.groups()).decode(),
                          message))
        return found

    def serve(self, way):
        """Its service; what Postfix never does is done in front of it."""
        if way in ("hangs", "injected"):
            return Front(self.ports[way], way)
        return Service(self.ports[way])

    def forget(self):
        pass

    def close(self):
        self.hop.stop()


class Service:
    """A port of a server that keeps what it takes elsewhere."""

    taken = ()

    def __init__(self, port):
        self.port = port

    def forget(self):
        pass

    def close(self):
        pass


class Front(Service):
    """A port in front of that one."""

    def __init__(self, back, how):
        self.front = Scripted(meddle, addr="0.0.0.0", back=back, how=how)
        super().__init__(self.front.port)

    def close(self):
        self.front.__exit__(ValueError)


def meddle(peer, back, how):
    """What comes behind the 220 of STARTTLS is swallowed, or something is put
    behind it; else client and server talk to each other."""
    with socket.create_connection(("127.0.0.1", back), 60) as inner:
        # without buffers, which would keep what is to go on
        answers, asked = inner.makefile("rb", 0), peer.sock.makefile("rb", 0)
        said = b""
        while not said.startswith((b"STARTTLS", b"MAIL")):
            line = answers.readline()
            while line[3:4] == b"-":
                peer.say(line)
                line = answers.readline()
            peer.say(line)
            said = asked.readline()
            inner.sendall(said)
        if said == b"STARTTLS\r\n":
            answer = answers.readline()
            assert answer.startswith(b"220 "), answer
            peer.say(answer + (b"250 more\r\n" if how == "injected" else b""))
            if how == "hangs":
                silent(peer)
        tlskit.couple(peer.sock, inner)


def send(postern, domain, body=BODY):
    with socket.create_connection((postern.addr, postern.port), 20) as s:
        f = s.makefile("rb")
        for line in (None, b"EHLO c.example", b"MAIL FROM:<a@c.example>",
                     b"RCPT TO:<b@" + domain.encode() + b">", b"DATA",
                     body + b".", b"QUIT"):
            if line is not None:
                s.sendall(line + b"\r\n")
            got = f.readline()
            while got[3:4] == b"-":
                got = f.readline()
            assert got[:1] in b"23", got


# -- the table -------------------------------------------------------------

RCPT = re.compile(r'^.*\b(delivered|deferred|bounced) .*rcpt="b@([^"]+)"')


def fates(postern):
    """{domain: the last line of the log of its one message}"""
    found = {}
    for line in postern.log_lines():
        said = RCPT.match(line)
        if said is not None:
            found[said.group(2)] = line
    return found


class Table:
    """Servers and the zones that lead to them; make() adds the rows.

    Zones: good (signed), plain (not), old (all signatures too old), stale
    (those of its TLSA records), bent (what is tampered with afterwards).
    """

    def __init__(self, folder):
        self.folder, self.rows, self.servers = Path(folder), {}, {}
        self.zones = {zone: [] for zone in ("good", "plain", "old", "stale",
                                            "bent")}
        self.tampered, self.routes = {"bent": set()}, []
        self.make()

    def make(self):
        raise NotImplementedError

    def records(self, zone, name, port, records):
        self.zones[zone] += [f"_{port}._tcp.{name} TLSA {data}"
                             for data in records]

    def add(self, name, server, records, want, *, zone="good", address=None,
            port=None, tls=""):
        """Mail for NAME.ZONE goes to NAME.mx.ZONE, which is that server, and
        meets that end."""
        port = port or server.port
        self.zones[zone] += [f"{name} MX 10 {name}.mx",
                             f"{name}.mx A {address or server.addr}"]
        self.records(zone, f"{name}.mx", port, records)
        self.routes.append(f"route domain {name}.{zone} to mx port {port}"
                           f"{tls and f' tls {tls}'}\n")
        self.rows[f"{name}.{zone}"] = want

    def lab(self):
        text = {zone: "\n".join(lines) for zone, lines in self.zones.items()}
        return Lab(self.folder / "lab",
                   {"good": text["good"], "bent": text["bent"]},
                   {"plain": text["plain"]}, {"old": text["old"]},
                   self.tampered, stale={"stale": text["stale"]}, ede=True)

    def conf(self, lab, more=""):
        return (WORKERS + "limit connections 1000\n"
                f"resolver 127.0.0.1 port {lab.resolver.port}\n"
                "mx addresses allow 127.0.0.0/8\n" + more +
                "".join(self.routes))

    def forget(self):
        for server in self.servers.values():
            server.forget()

    def close(self):
        for server in self.servers.values():
            server.close()

    def carried(self):
        """{domain: [the session of each message that came]}"""
        found = {}
        for server in self.servers.values():
            for session, body in server.taken:
                domain = re.search(rb"^Subject: (\S+)\r?$", body, re.M)
                found.setdefault(domain.group(1).decode(), []).append(session)
        return found

    def run(self, postern, rows=None):
        """Mails every row; {domain: (what was, what should be)} of those
        that met another end."""
        rows = {d: self.rows[d] for d in rows or self.rows}
        for domain in rows:
            send(postern, domain, f"Subject: {domain}\r\n\r\nx\r\n".encode())
        wait_for(lambda: rows.keys() <= fates(postern).keys(), 60,
                 lambda: f"a fate of {rows.keys() - fates(postern).keys()}")
        lines, carried, wrong = fates(postern), self.carried(), {}
        patience = time.monotonic() + PATIENCE  # history comes behind
        for domain, want in rows.items():
            while True:
                told = postern.tool("trace", f"b@{domain}",
                                    check_status=False)
                got = verdict(want, lines[domain], carried.get(domain, []),
                              told)
                if got == want or time.monotonic() > patience:
                    break
            if got != want:
                wrong[domain] = (got, want, told)
        return wrong


def verdict(want, line, sessions, told):
    """What became of it, as server, log and trace say; want if they say
    that."""
    how, word = want
    if how == LATER:
        same = "deferred " in line and not sessions and word in line and \
            word in told
    elif how == IN_CLEAR:
        same = "delivered " in line and sessions == [None] and \
            " tls=" not in line and "): 250 " not in told
    else:
        session = sessions and f"{sessions[0]} {word}"
        same = "delivered " in line and len(sessions) == 1 and \
            f'tls="{session}"' in line and f"({session}): 250 " in told
    return want if same else (sessions, line)
