# SPDX-License-Identifier: ISC
# tests/system/test_tls_keys.py - certificates and keys: which a client gets,
# who may read them, how they are replaced, and where they are not.
#
# Starts early: it takes long.
"""SNI, ECDSA beside RSA, bad files, reload, a tls process that dies."""

import os
import re
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import harness  # noqa: E402
import rights  # noqa: E402
import tlskit  # noqa: E402
from harness import BUILD, Postern, read_proc, wait_for  # noqa: E402
from siege import full, say  # noqa: E402
from tlskit import Pair, TlsClient  # noqa: E402

WORKERS = "workers smtpd 1\nworkers deliver 1\n"
ROUTE = 'route any to host "[127.0.0.1]" port 9\n'
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")


# --- which one a client gets ------------------------------------------------------

class Zoo:
    """Two names with both kinds of keys, one with RSA only; and a port with a
    certificate of its own."""

    def __init__(self, folder):
        made = {
            "a-rsa": ("a.example", "rsa"), "a-ec": ("a.example", "p256"),
            "b-ec": ("b.example", "p384"), "b-rsa": ("b.example", "rsa"),
            "c-rsa": ("c.example", "rsa"), "own": ("own.example", "p256")}
        self.pairs = {label: Pair(folder, label, name, "www." + name,
                                  kind=kind)
                      for label, (name, kind) in made.items()}
        self.port_own = harness.free_port()
        self.postern = Postern(
            folder, WORKERS + "workers tls 1\n" + ROUTE + "".join(
                self.pairs[label].statement() for label in made
                if label != "own") +
            f"listen on 127.0.0.1 port {self.port_own} tls " +
            self.pairs["own"].words() + "\n")

    def label(self, certificate):
        return {pair.der(): label
                for label, pair in self.pairs.items()}[certificate]


@pytest.fixture(name="zoo", scope="module")
def one_zoo(tmp_path_factory):
    zoo = Zoo(tmp_path_factory.mktemp("zoo"))
    yield zoo
    assert zoo.postern.stop() == 0


ANY = "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384"
P256 = "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256"
RSA = "rsa_pss_rsae_sha256:RSA+SHA256"

# name, signatures that the client can check, more options: what it gets
CHOICES = [
    ("a.example", ANY, (), "a-ec"),
    ("a.example", RSA, (), "a-rsa"),
    ("www.a.example", ANY, (), "a-ec"),
    # it cannot check all that our ECDSA certificates need
    ("a.example", P256, (), "a-rsa"),
    ("b.example", ANY, (), "b-ec"),
    ("b.example", RSA, (), "b-rsa"),
    ("c.example", ANY, (), "c-rsa"),
    ("c.example", RSA, (), "c-rsa"),
    ("else.example", ANY, (), "a-ec"),
    ("else.example", RSA, (), "a-rsa"),
    (None, ANY, (), "a-ec"),
    (None, RSA, (), "a-rsa"),
    ("a.example", ANY, ("-tls1_2",), "a-ec"),
    ("b.example", ANY, ("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"),
     "b-rsa"),
    ("a.example", RSA, ("-tls1_2",), "a-rsa"),
]


@pytest.mark.parametrize("name, signatures, more, want", CHOICES)
def test_choice(zoo, name, signatures, more, want):
    words = ["openssl", "s_client", "-connect",
             f"127.0.0.1:{zoo.postern.port}", "-starttls", "smtp", "-sigalgs",
             signatures, *more]
    words += ["-servername", name] if name else ["-noservername"]
    done = subprocess.run(words, input="QUIT\n", capture_output=True,
                          text=True, timeout=30, check=False)
    found = re.search(r"-----BEGIN CERT.*?END CERTIFICATE-----\n",
                      done.stdout, re.S)
    assert found, done.stdout + done.stderr
    got = ssl.PEM_cert_to_DER_cert(found.group())
    assert zoo.label(got) == want


def test_certificate_of_one_listener(zoo):
    for name in (None, "a.example", "own.example"):
        with TlsClient(zoo.postern, zoo.port_own, implicit=True,
                       name=name) as c:
            assert zoo.label(c.certificate()) == "own"
    with TlsClient(zoo.postern, name="own.example") as c:
        assert zoo.label(c.certificate()) == "a-ec"


@pytest.mark.parametrize("size", [1, 50, 300])
def test_hello_in_pieces(zoo, size):
    """The choice waits for the whole of it."""
    c = TlsClient(zoo.postern, start=False)
    c.say("EHLO c.example")
    c.say("STARTTLS")
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = c.ctx.wrap_bio(coming, going, server_hostname="b.example")
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            out = going.read()
            for at in range(0, len(out), size):
                c.plain.sendall(out[at:at + size])
                c.plain.setsockopt(6, 1, 1)  # TCP_NODELAY
            coming.write(c.plain.recv(65536))
    assert zoo.label(tls.getpeercert(binary_form=True)) == "b-ec"
    c.close()


# --- bad files -----------------------------------------------------------------------

def no_certificate(pair):
    pair.certificate.unlink()


def no_key(pair):
    pair.key.unlink()


def key_for_the_group(pair):
    pair.key.chmod(0o640)


def certificate_for_writers(pair):
    pair.certificate.chmod(0o666)


def foreign_key(pair):
    pair.key.write_bytes(Pair(pair.key.parent, "other").key.read_bytes())


def garbage(pair):
    pair.certificate.write_text("certificate\n")


def empty_key(pair):
    pair.key.write_text("")


def key_with_phrase(pair):
    text = tlskit.openssl("ec", "-in", pair.key, "-aes128", "-passout",
                          "pass:secret")
    pair.key.write_bytes(text)


def folder_for_writers(pair):
    pair.key.parent.chmod(0o777)


def a_folder(pair):
    pair.key.unlink()
    pair.key.mkdir()


def a_fifo(pair):
    pair.key.unlink()
    os.mkfifo(pair.key, 0o600)


def looping_links(pair):
    pair.key.unlink()
    pair.key.symlink_to(pair.key.name)


BAD = {no_certificate: "No such file", no_key: "No such file",
       key_for_the_group: "others may read it",
       certificate_for_writers: "others may write to it",
       foreign_key: "does not belong to the certificate",
       garbage: "no certificate in PEM form",
       empty_key: "empty, too large",
       key_with_phrase: "no private key in PEM form without a pass phrase",
       folder_for_writers: "others may write to a folder on the way",
       a_folder: "it is a folder", a_fifo: "it is not a file",
       looping_links: "too many links"}


class Place:
    """A configuration that is not started, and its pair in a folder."""

    def __init__(self, tmp_path):
        self.folder = tmp_path / "ssl"
        self.folder.mkdir()
        self.pair = Pair(self.folder, "mx")
        self.postern = Postern(tmp_path, WORKERS + ROUTE +
                               self.pair.statement(), start=False)
        for folder in (self.postern.spool, self.postern.runtime):
            folder.mkdir()
        text = self.postern.conf.read_text()
        self.line = text[:text.index("tls certificate")].count("\n") + 1

    def complains(self, said, text):
        mark = f"{self.postern.conf}:{self.line}: "
        assert mark in said and text in said, said


@pytest.mark.parametrize("spoil", BAD)
def test_bad_file(tmp_path, spoil):
    place = Place(tmp_path)
    assert place.postern.check_conf().returncode == 0
    spoil(place.pair)
    done = place.postern.check_conf()
    assert done.returncode != 0
    place.complains(done.stderr, BAD[spoil])


def test_bad_file_at_start(tmp_path):
    place = Place(tmp_path)
    foreign_key(place.pair)
    done = subprocess.run(place.postern.argv("-d"), capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 78  # EX_CONFIG
    place.complains(done.stderr, BAD[foreign_key])


@needs_root
def test_file_of_somebody_else(tmp_path):
    place = Place(tmp_path)
    os.chown(place.pair.key, 65534, 65534)
    place.complains(place.postern.check_conf().stderr,
                    "it belongs to somebody else")
    os.chown(place.pair.key, 0, 0)
    os.chown(place.folder, 65534, 65534)
    place.complains(place.postern.check_conf().stderr,
                    "a folder on the way belongs to somebody else")


def test_links_as_certbot_makes_them(tmp_path):
    place = Place(tmp_path)
    archive = tmp_path / "archive"
    archive.mkdir()
    for path in (place.pair.certificate, place.pair.key):
        path.rename(archive / path.name)
        path.symlink_to(Path("../archive") / path.name)
    assert place.postern.check_conf().returncode == 0


def test_tls_without_certificate(tmp_path):
    with pytest.raises(AssertionError, match="needs a certificate"):
        Postern(tmp_path, ROUTE + "listen on 127.0.0.1 port 4650 tls\n")


# --- replaced while it runs ------------------------------------------------------------

def hup(postern, event):
    n = len(postern.events(event))
    postern.process.send_signal(signal.SIGHUP)
    postern.wait_event(event, n=n + 1)


def test_new_certificate(tmp_path):
    """Who is there stays, to the last byte; who comes gets the new one."""
    pair = Pair(tmp_path, "mx")
    with Postern(tmp_path, WORKERS + "workers tls 1\n" + ROUTE +
                 pair.statement()) as p:
        before, old = p.tree(), pair.der()
        with TlsClient(p) as there, TlsClient(p, start=False) as waits:
            assert there.certificate() == old
            there.envelope()
            there.send("Subject: old\r\n\r\n")
            waits.say("EHLO c.example")
            pair.make("relay.example", kind="rsa")
            assert pair.der() != old
            hup(p, "secrets-read")
            with TlsClient(p) as comes:
                assert comes.certificate() == pair.der()
                assert comes.mail().startswith("250")
            assert waits.say("STARTTLS").startswith("220")
            waits.wrap()
            assert waits.certificate() == pair.der()
            there.send("text\r\n.\r\n")
            assert there.reply().startswith("250")
        assert p.tree() == before


@pytest.mark.parametrize("spoil", full(
    [foreign_key, no_key, key_for_the_group], [foreign_key]))
def test_bad_new_certificate(tmp_path, spoil):
    """Nothing changes, and the log says why."""
    pair = Pair(tmp_path, "mx")
    with Postern(tmp_path, WORKERS + "workers tls 1\n" + ROUTE +
                 pair.statement()) as p:
        before, old = p.tree(), pair.der()
        with TlsClient(p) as there:
            there.envelope()
            pair.make("relay.example")
            spoil(pair)
            hup(p, "refused-config")
            assert BAD[spoil] in p.events("refused-config")[-1]
            assert str(p.conf) in p.events("refused-config")[-1]
            with TlsClient(p) as comes:
                assert comes.certificate() == old
            there.send("text\r\n.\r\n")
            assert there.reply().startswith("250")
        assert p.tree() == before


def test_one_more_certificate(tmp_path):
    """Another configuration starts all anew; the new files are in force."""
    pair, more = Pair(tmp_path, "mx"), Pair(tmp_path, "more", "more.example")
    with Postern(tmp_path, WORKERS + "workers tls 1\n" + ROUTE +
                 pair.statement()) as p:
        p.reload(p.conf.read_text() + more.statement())
        with TlsClient(p, name="more.example") as c:
            assert c.certificate() == more.der()
            assert c.mail().startswith("250")


# --- a process that dies, and limits ------------------------------------------------------

def test_tls_is_killed(tmp_path):
    """Its sessions end, and no clear text comes of it; all others live."""
    pair = Pair(tmp_path, "mx")
    with Postern(tmp_path, WORKERS + "workers tls 2\n" + ROUTE +
                 pair.statement()) as p:
        with TlsClient(p, start=False) as clear:
            clear.envelope()
            both = [TlsClient(p), TlsClient(p)]
            for c in both:
                c.envelope()
                c.send("Subject: half\r\n\r\n")
            hangs = TlsClient(p, start=False)
            hangs.say("EHLO c.example")
            hangs.say("STARTTLS")
            others = [pid for pid in p.tree() if pid != p.child("tls")]
            os.kill(p.child("tls"), signal.SIGKILL)
            lived = [c for c in both if lives(c)]
            assert len(lived) == 1
            clear.send("text\r\n.\r\n")
            assert clear.reply().startswith("250")
            wait_for(lambda: len(p.children()["tls"]) == 2, what="a new one")
            for _ in range(4):
                with TlsClient(p) as c:
                    assert c.mail().startswith("250")
            for c in both + [hangs]:
                c.close()
            assert set(others) <= set(p.tree())
        assert len(p.events("queued")) == 6


def lives(c):
    try:
        c.send(".\r\n")
        return c.reply().startswith("250")
    except (OSError, EOFError):
        return False


def test_no_tls_process(tmp_path):
    """454, and the session goes on in the clear, as the client likes."""
    pair = Pair(tmp_path, "mx")
    with Postern(tmp_path, WORKERS + "workers tls 1\n" + ROUTE +
                 pair.statement()) as p:
        os.kill(p.pid, signal.SIGSTOP)  # it starts no new one
        try:
            os.kill(p.child("tls"), signal.SIGKILL)
            wait_for(lambda: answer_to_starttls(p).startswith("454 4.7.0 "),
                     what="454")
            with TlsClient(p, start=False) as c:
                assert "STARTTLS" in c.say("EHLO c.example")
                assert c.say("STARTTLS").startswith("454 4.7.0 ")
                assert c.mail().startswith("250")
        finally:
            os.kill(p.pid, signal.SIGCONT)
        wait_for(lambda: can_come(p), what="a new process")


def answer_to_starttls(p):
    with TlsClient(p, start=False) as c:
        assert "STARTTLS" in c.say("EHLO c.example")
        return c.say("STARTTLS")


def test_limit_of_sessions(tmp_path):
    pair = Pair(tmp_path, "mx")
    with Postern(tmp_path, WORKERS + "workers tls 1\nlimit tls sessions 2\n" +
                 ROUTE + pair.statement()) as p:
        with TlsClient(p) as one, TlsClient(p) as two:
            with pytest.raises((ssl.SSLError, OSError)):
                TlsClient(p)
            assert "how=full" in p.wait_event("tls-failed")[0]
            for c in (one, two):
                assert c.mail().startswith("250")
                c.say("QUIT")
        wait_for(lambda: can_come(p), what="room")


def can_come(p):
    try:
        with TlsClient(p) as c:
            return c.mail().startswith("250")
    except (ssl.SSLError, OSError, EOFError, AssertionError):
        return False


# --- where keys and connections are ----------------------------------------------------------

def key_marks(pair):
    """What would betray the key: a line of the file, and the number in it, as
    it stands there and as the library turns it."""
    lines = pair.key.read_text().splitlines()
    text = tlskit.openssl("pkey", "-in", pair.key, "-noout", "-text").decode()
    digits = re.search(r"priv(?:ate)?(?:Exponent)?:\s*\n((?:\s+[0-9a-f:]+\n)+)",
                       text).group(1)
    number = bytes.fromhex(re.sub(r"[^0-9a-f]", "", digits)).lstrip(b"\0")
    return {"PEM": lines[1].encode(), "number": number,
            "words": number[::-1]}


@needs_root
@pytest.mark.parametrize("kind", full(["p256", "rsa"], ["p256"]))
def test_key_is_in_tls_alone(tmp_path, kind):
    pair = Pair(tmp_path, "mx", kind=kind)
    marks = key_marks(pair)
    with Postern(tmp_path, WORKERS + "workers tls 1\n" + ROUTE +
                 pair.statement()) as p:
        look_for_key(p, marks)
        for _ in range(20):
            with TlsClient(p) as c:
                assert c.mail().startswith("250")
        with TlsClient(p) as c:
            c.envelope()
            look_for_key(p, marks)
        hup(p, "secrets-read")
        look_for_key(p, marks)


def look_for_key(p, marks):
    for pid in p.tree():
        found = harness.memory_holds(pid, marks)
        if pid == p.child("tls"):
            assert found & {"number", "words"}, "the search finds nothing"
            assert "PEM" not in found, "the file's text was not wiped"
        else:
            assert not found, (rights.name_of(pid), found)


@needs_root
def test_who_has_the_connection(tmp_path):
    """smtpd has none any more: one end of a pair of sockets."""
    pair = Pair(tmp_path, "mx")
    with Postern(tmp_path, WORKERS + "workers tls 1\n" + ROUTE +
                 pair.statement()) as p:
        with TlsClient(p) as c:
            c.say("EHLO c.example")
            held = {name: rights.descriptors(p.child(name), p)
                    for name in ("tls", "smtpd", "queue")}
            assert held["tls"]["tcp"] == 1
            assert held["tls"]["unix stream"] == 1
            assert held["smtpd"]["tcp"] == held["queue"]["tcp"] == 0
            assert sum(rights.descriptors(pid, p)["unix stream"]
                       for pid in p.children()["smtpd"]) == 1


def anonymous(postern):
    return sum(int(re.search(r"^RssAnon:\s*(\d+)", read_proc(pid, "status"),
                             re.M).group(1)) for pid in postern.tree())


def test_idle_sessions_are_cheap(tmp_path, capsys):
    """At most 64 KiB each, over all processes."""
    total = full(1000, 100)
    pair = Pair(tmp_path, "mx")
    with Postern(tmp_path, WORKERS + "workers tls 1\n" + ROUTE +
                 pair.statement()) as p:
        with TlsClient(p) as c:
            assert c.mail().startswith("250")
        before = anonymous(p)
        there = [TlsClient(p) for _ in range(total)]
        for c in there:
            c.say("EHLO c.example")
        each = (anonymous(p) - before) / total
        say(capsys, f"{total} idle TLS sessions: {each:.1f} KiB each")
        # a sanitizer surrounds what is allocated, and keeps what was freed
        assert each <= 64 or "asan" in str(BUILD)
        assert there[0].mail().startswith("250")
        for c in there:
            c.close()
