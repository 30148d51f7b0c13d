# SPDX-License-Identifier: ISC
# tests/system/test_auth.py - people log in: who may, where, how often, and
# what is known of their passwords afterwards.
#
# Starts early: it takes long.
"""AUTH with real clients, the file of logins, budgets, where secrets are."""

import base64
import os
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import harness  # noqa: E402
import tlskit  # noqa: E402
from harness import BUILD, Postern, Sink, read_proc, wait_for  # noqa: E402
from scripted import Scripted, good  # noqa: E402
from tlskit import Pair, TlsClient  # noqa: E402

WORKERS = "workers smtpd 2\nworkers deliver 1\nworkers tls 1\n"
PASSWORD = "correct horse \u00fc"
MARK = "zQ7ypMarkedTypedPassword"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")


def passwd(path, *words, stdin=None, expect=0):
    done = subprocess.run([BUILD / "postern", "passwd", "--file", path, *words],
                          input=stdin, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def plain(name, password, authzid=""):
    return base64.b64encode(
        f"{authzid}\0{name}\0{password}".encode()).decode()


class Office:
    """postern with ports where people log in, and a sink behind it."""

    def __init__(self, folder, more="", rules="accept from auth\n"):
        self.file = folder / "passwd"
        for name in ("ann", "bob"):
            passwd(self.file, name, stdin=PASSWORD + "\n")
        passwd(self.file, "cyd", stdin="in ascii\n")
        self.sink = Sink(folder)
        pair = Pair(folder, "mx")
        self.submission, self.implicit, self.clear = (
            harness.free_port() for _ in range(3))
        self.postern = Postern(
            folder, WORKERS + pair.statement() +
            f'passwords "{self.file}"\n'
            f"listen on 127.0.0.1 port {self.submission} auth\n"
            f"listen on 127.0.0.1 port {self.implicit} tls auth\n"
            f"listen on 127.0.0.1 port {self.clear} auth cleartext\n" +
            rules + more + self.sink.route())

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.postern.__exit__(*what)
        self.sink.__exit__(*what)

    def client(self, **options):
        client = TlsClient(self.postern, self.submission, **options)
        client.say("EHLO c.example")
        return client

    def login(self, name, password, port=None):
        """The code of one try."""
        client = TlsClient(self.postern, port or self.submission)
        client.say("EHLO c.example")
        try:
            return client.say(f"AUTH PLAIN {plain(name, password)}")
        finally:
            client.socket.close()

    def logged(self):
        return "\n".join(self.postern.log_lines())


@pytest.fixture(name="office", scope="module")
def one_office(tmp_path_factory):
    with Office(tmp_path_factory.mktemp("office")) as office:
        yield office


def test_what_a_login_sends(tmp_path):
    """Its header is made whole, its address hidden, its messages counted."""
    with Scripted(good) as hop, Office(
            tmp_path, more="hide auth clients on\n"
            "limit auth messages 2 per hour\n"
            f'route any to host "[127.0.0.1]" port {hop.port}\n') as office:
        def send(port, name, to):
            with smtplib.SMTP_SSL("127.0.0.1", port, timeout=20,
                                  context=context()) as client:
                client.login(name, PASSWORD if name != "cyd" else "in ascii")
                client.sendmail("a@c.example", [to],
                                "Bcc: secret@c.example\r\n\r\nbody\r\n")

        send(office.implicit, "cyd", "one@d.example")
        wait_for(lambda: hop.bodies, what="the message")
        text = hop.bodies[0].decode()
        assert text.startswith("Received: by ") and "127.0.0.1" not in text
        assert "secret" not in text and "\r\nFrom: <a@c.example>" in text
        assert "\r\nDate: " in text and "\r\nMessage-ID: <" in text
        send(office.implicit, "cyd", "two@d.example")
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(office.implicit, "cyd", "three@d.example")
        assert refused.value.smtp_code == 450
        assert b"4.7.1 this login may send 2 messages per hour" in \
            refused.value.smtp_error
        # history writes what it has heard a moment later
        told = wait_for(lambda: office.postern.tool(
            "trace", "--json", "one@d.example", check_status=False),
            what="history")
        assert '"login":"cyd"' in told
        told = office.postern.tool("trace", "one@d.example")
        assert "\n  login       cyd\n" in told
        assert 'who="login cyd"' in office.postern.wait_event("quota")[0]


def context():
    return tlskit.context()


def test_smtplib(office):
    """A library that chooses the mechanism itself; the trace header."""
    with smtplib.SMTP("127.0.0.1", office.submission, timeout=20) as client:
        client.ehlo("c.example")
        assert "auth" not in client.esmtp_features
        client.starttls(context=context())
        client.ehlo("c.example")
        assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]
        client.login("cyd", "in ascii")
        client.sendmail("a@c.example", ["b@d.example"],
                        "Subject: hello\r\n\r\nbody\r\n")
    line = office.postern.wait_event("queued")[-1]
    assert "login=\"cyd\"" in line


def test_implicit(office):
    with smtplib.SMTP_SSL("127.0.0.1", office.implicit, timeout=20,
                          context=context()) as client:
        client.ehlo("c.example")
        code, _ = client.docmd("AUTH", "PLAIN " + plain("bob", PASSWORD))
        assert code == 235


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks(office, mechanism):
    done = subprocess.run(
        ["swaks", "--server", f"127.0.0.1:{office.submission}", "--tls",
         "--auth", mechanism, "--auth-user", "ann", "--auth-password",
         PASSWORD, "--from", "a@c.example", "--to", "b@d.example",
         "--h-Subject", mechanism], capture_output=True, text=True,
        timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert "235 2.7.0" in done.stdout


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_curl(office, scheme):
    """It chooses a mechanism, checks the certificate, and sends."""
    port = office.submission if scheme == "smtp" else office.implicit
    before = office.sink.lines()
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--ssl-reqd", "--insecure",
         f"{scheme}://127.0.0.1:{port}/c.example", "--user",
         f"ann:{PASSWORD}", "--mail-from", "a@c.example", "--mail-rcpt",
         "b@d.example", "--upload-file", "-"],
        input="Subject: by curl\r\n\r\nbody\r\n", capture_output=True,
        text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    office.sink.wait(before + 1)
    assert 'login="ann"' in office.postern.events("queued")[-1]


def test_owners(tmp_path):
    """A login sends as the addresses that it owns, and as nobody else."""
    table = tmp_path / "senders"
    table.write_text("ann@c.example ann\n@shared.example ann bob\n")
    with Office(tmp_path, more=f'senders file "{table}"\n') as office:
        office.postern.wait_event("table-read")
        for name, sender, code in [
                ("ann", "ann@c.example", "250"),
                ("ann", "Ann@C.example", "250"),
                ("ann", "any@shared.example", "250"),
                ("bob", "any@shared.example", "250"),
                ("bob", "ann@c.example", "553 5.7.1 "),
                ("ann", "bob@c.example", "553 5.7.1 ")]:
            with office.client() as client:
                assert client.say(
                    f"AUTH PLAIN {plain(name, PASSWORD)}").startswith("235")
                said = client.say(f"MAIL FROM:<{sender}>")
                if said.startswith("250"):
                    said = client.say("RCPT TO:<b@d.example>")
                assert said.startswith(code), (name, sender, said)
        table.write_text("ann@c.example bob\n")
        office.postern.wait_event("table-read", n=2)
        with office.client() as client:
            client.say(f"AUTH PLAIN {plain('ann', PASSWORD)}")
            said = client.say("MAIL FROM:<ann@c.example>")
            if said.startswith("250"):
                said = client.say("RCPT TO:<b@d.example>")
            assert said.startswith("553 5.7.1 "), said


def test_trace_header(office):
    """RFC 3848: how it came, not who."""
    office.sink.hold()
    with office.client() as client:
        assert client.say("AUTH PLAIN " + plain("ann", PASSWORD)).startswith(
            "235")
        assert client.mail().startswith("250")
    mess = Path(office.postern.spool) / "queue" / "mess"
    texts = [path.read_text() for path in mess.glob("*/*")
             if path.stat().st_size > 0]
    office.sink.release()
    assert any("with ESMTPSA" in text for text in texts)
    assert not any("ann" in text for text in texts)


def test_where_and_when(office):
    """Not in clear text, not on a port for servers, not without."""
    with TlsClient(office.postern, office.submission, start=False) as client:
        assert "AUTH" not in client.say("EHLO c.example")
        assert client.say("AUTH PLAIN " + plain("ann", PASSWORD)).startswith(
            "538 5.7.11")
    with TlsClient(office.postern, office.clear, start=False) as client:
        assert "AUTH PLAIN LOGIN" in client.say("EHLO c.example")
        assert client.say("AUTH PLAIN " + plain("ann", PASSWORD)).startswith(
            "235")
        assert client.say("AUTH PLAIN " + plain("ann", PASSWORD)).startswith(
            "503")
        # what was learned in clear text is forgotten
        assert client.say("STARTTLS").startswith("220")
        client.wrap()
        client.say("EHLO c.example")
        assert client.say("AUTH PLAIN " + plain("ann", PASSWORD)).startswith(
            "235")
    with TlsClient(office.postern) as client:
        assert "AUTH" not in client.say("EHLO c.example")
        assert client.say("AUTH PLAIN " + plain("ann", PASSWORD)).startswith(
            "502")


def test_wrong(office):
    """One text for a wrong password and for nobody; three in a session."""
    with office.client() as client:
        said = [client.say("AUTH PLAIN " + plain(name, "wrong"))
                for name in ("ann", "nobody-at-all")]
        assert said[0] == said[1] and said[0].startswith("535 5.7.8")
        assert client.say("AUTH LOGIN").startswith("334")
        assert client.say("YW5u").startswith("334")
        assert client.say("d3Jvbmc=") == said[0]
        assert client.reply().startswith("421 4.7.0")
    failed = office.postern.wait_event("login-failed", n=3)
    assert 'login="ann"' in failed[0] and "client=127.0.0.1" in failed[0]


def test_no_password_in_the_log(office):
    with office.client() as client:
        client.say("AUTH PLAIN " + plain("ann", MARK))
        client.say("AUTH LOGIN " + base64.b64encode(b"ann").decode())
        client.say(MARK)  # not base64
    with TlsClient(office.postern) as client:
        client.say("AUTH PLAIN " + plain("ann", MARK))
    office.postern.wait_event("login-failed")
    for secret in (MARK, plain("ann", MARK), PASSWORD):
        assert secret not in office.logged()


def test_changes_within_seconds(tmp_path):
    """A new login, a broken file that changes nothing, one that is gone."""
    with Office(tmp_path) as office:
        assert office.login("eve", "pw").startswith("535")
        passwd(office.file, "eve", stdin="pw\n")
        office.postern.wait_event("passwords-read", n=2)
        assert office.login("eve", "pw").startswith("235")
        good = office.file.read_text()
        new = office.file.with_suffix(".new")
        new.write_text("# people\nann:abJnggxhB/yWI\n")
        new.chmod(0o600)
        new.rename(office.file)
        line = office.postern.wait_event("passwords-refused")[0]
        assert "line=2" in line and str(office.file) in line
        assert office.login("eve", "pw").startswith("235")
        office.file.unlink()
        office.postern.wait_event("file-refused")
        assert office.login("eve", "pw").startswith("235")
        new.write_text("".join(line for line in good.splitlines(True)
                               if not line.startswith("eve:")))
        new.chmod(0o600)
        new.rename(office.file)
        office.postern.wait_event("passwords-read", n=3)
        assert office.login("eve", "pw").startswith("535")
        # the process that holds it dies: what comes next has it again
        os.kill(office.postern.child("auth"), 9)
        wait_for(lambda: office.login("ann", PASSWORD).startswith("235"),
                 what="auth is back")


def test_budget(tmp_path):
    """Ten failures, then later; who has been there before is not barred."""
    with Office(tmp_path) as office:
        assert office.login("ann", PASSWORD).startswith("235")
        said = [office.login("bob", "wrong")[:9] for _ in range(11)]
        assert said[:10] == ["535 5.7.8"] * 10
        assert said[10] == "454 4.7.0"
        assert office.login("bob", PASSWORD).startswith("454 4.7.0")
        assert office.login("ann", PASSWORD).startswith("235")
        office.postern.wait_event("login-barred")


def cpu(pid):
    fields = read_proc(pid, "stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_equal_work(tmp_path):
    """Nobody's password costs what somebody's does: of the same kind."""
    with Office(tmp_path) as office:
        office.file.write_text("".join(
            f"{name}:{BCRYPT}\n" for name in ("ann", "bob")))
        office.postern.wait_event("passwords-read", n=2)
        pid, spent = office.postern.child("auth"), {}
        for name in ("ann", "nobody"):
            before = cpu(pid)
            for _ in range(3):
                assert office.login(name, "wrong").startswith("535")
            spent[name] = cpu(pid) - before
        # bcrypt of cost 12: a fifth of a second and more for each
        assert min(spent.values()) > 30
        assert 0.5 < spent["ann"] / spent["nobody"] < 2


def unread(port):
    """Bytes that lie in sockets of that port and were not read."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(int(line.split()[4].split(":")[1], 16) for line in lines
               if int(line.split()[1].split(":")[1], 16) == port
               and line.split()[3] == "01")


def test_guesses_do_not_keep_the_owner_out(office):
    """Who has logged in before is asked for before all guesses, though they
    came first and are more than may wait."""
    assert office.login("ann", PASSWORD, office.clear).startswith("235")
    auth = office.postern.child("auth")
    clients = []
    try:
        for i in range(51):
            client = smtplib.SMTP(source_address=(f"127.{20 + i}.0.1", 0),
                                  timeout=60) if i < 50 else smtplib.SMTP()
            client.connect("127.0.0.1", office.clear)
            client.ehlo()
            clients.append(client)
        owner = clients[-1]
        os.kill(auth, signal.SIGSTOP)
        before = len(office.postern.log_lines())
        for i, client in enumerate(clients[:-1]):
            client.putcmd("AUTH PLAIN", plain(f"guess{i}", "x"))
        wait_for(lambda: unread(office.clear) == 0, what="guesses to be heard")
        owner.putcmd("AUTH PLAIN", plain("ann", PASSWORD))
        wait_for(lambda: unread(office.clear) == 0, what="the owner's word")
        os.kill(auth, signal.SIGCONT)
        assert owner.getreply()[0] == 235
        codes = [client.getreply()[0] for client in clients[:-1]]
        assert codes.count(535) >= 40, codes
        judged = [line for line in office.postern.log_lines()[before:]
                  if ": login" in line and "deferred" not in line]
        place = [' login login="ann"' in line for line in judged].index(True)
        assert place <= 3, "guesses were looked at before"
    finally:
        os.kill(auth, signal.SIGCONT)
        for client in clients:
            client.close()


# of "x"; only what it costs matters
BCRYPT = "$2b$12$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"


@pytest.mark.parametrize("path, why", [
    ("missing", "No such file"), ("open", "chmod 0600")])
def test_refused_at_start(tmp_path, path, why):
    (tmp_path / "open").write_text("")
    (tmp_path / "open").chmod(0o644)
    postern = Postern(
        tmp_path, f'passwords "{tmp_path / path}"\n'
        f"listen on 127.0.0.1 port {harness.free_port()} auth cleartext\n",
        start=False)
    done = postern.check_conf()
    assert done.returncode != 0 and why in done.stderr


@needs_root
def test_stored_hash_is_in_auth_alone(tmp_path):
    with Office(tmp_path) as office:
        line = office.file.read_text().splitlines()[0]
        mark = {"hash": line.partition(":")[2].encode()}
        for _ in range(2):
            found = [pid for pid in office.postern.tree()
                     if harness.memory_holds(pid, mark)]
            assert found == [office.postern.child("auth")]
            for _ in range(3):
                assert office.login("ann", PASSWORD).startswith("235")


# --- postern passwd ---------------------------------------------------------------

def test_passwd(tmp_path):
    file = tmp_path / "passwd"
    passwd(file, "ann", stdin="one\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith("ann:$y$")
    file.write_text("# people\n" + file.read_text())
    passwd(file, "bob", stdin="two\n")
    passwd(file, "--check", "ann", stdin="one\n")
    passwd(file, "--check", "ann", stdin="two\n", expect=77)
    passwd(file, "--check", "eve", stdin="two\n", expect=77)
    passwd(file, "ann", stdin="three\n")
    passwd(file, "--check", "ann", stdin="three\n")
    assert passwd(file, "--list") == "ann\nbob\n"
    passwd(file, "--delete", "ann")
    assert passwd(file, "--list") == "bob\n"
    assert file.read_text().startswith("# people\nbob:")
    passwd(file, "--delete", "ann", expect=67)
    for words in (["ann", "secret"], ["a:b"], [], ["--list", "x"]):
        passwd(file, *words, stdin="x\n", expect=64)
    passwd(file, "ann", stdin="\n", expect=65)
    passwd(file, "ann", stdin="x" * 501 + "\n", expect=65)
    assert list(tmp_path.iterdir()) == [file]


def test_passwd_many_at_once(tmp_path):
    """Each of them finds what the others have done."""
    file = tmp_path / "passwd"
    running = [subprocess.Popen(
        [BUILD / "postern", "passwd", "--file", file, f"user{i}"],
        stdin=subprocess.PIPE) for i in range(8)]
    for process in running:
        process.communicate(b"pw\n", timeout=60)
        assert process.returncode == 0
    assert len(passwd(file, "--list").split()) == 8


def test_passwd_broken_file(tmp_path):
    file = tmp_path / "passwd"
    file.write_text("ann:x\n")
    assert f"{file}:1" in passwd(file, "bob", stdin="x\n", expect=65)
    assert file.read_text() == "ann:x\n"
