# SPDX-License-Identifier: ISC
# tests/system/test_smarthost.py - routes with a login.
#
# The password is a mark that is looked for where it must not be.
"""AUTH as a client: said, refused, changed, and never seen elsewhere."""

import base64
import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import harness  # noqa: E402
import tlskit  # noqa: E402
from harness import Postern, children_of, wait_for  # noqa: E402
from scripted import FINE, Hangup, Scripted, good  # noqa: E402
from test_auth import Office, PASSWORD, plain  # noqa: E402
from verdicts import certificate, secure, send, server_context  # noqa: E402

WORKERS = "workers smtpd 1\nworkers deliver 1\n"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")
SECRET = "Hush7Marked/Word"


def b64(text):
    return base64.b64encode(text.encode()).decode()


class Relay(Scripted):
    """Wants a login before mail: user bob, whatever password is valid."""

    def __init__(self, *, ctx=None, implicit=False, offer="PLAIN LOGIN",
                 refusal="535 5.7.8 not with that password", **where):
        super().__init__(relay, **where)
        self.ctx, self.implicit, self.offer = ctx, implicit, offer
        self.valid = {SECRET}
        self.refusal = refusal  # None: the connection ends
        self.taken, self.logins = [], []

    def auth(self, peer, words):
        """The dialogue; True: known."""
        return auth(peer, self, words)

    def takes(self, peer):
        """Mail of who has logged in as peer.user."""

    def judge(self, user, password):
        self.logins.append((user, password))
        return user == "bob" and password in self.valid


def auth(peer, server, words):
    """The dialogue of AUTH; True: known."""
    if words[1].upper() == "PLAIN":
        if len(words) == 2:
            peer.say("334 ")
            words.append(peer.hear())
        _, user, password = base64.b64decode(words[2]).decode().split("\0")
    else:
        peer.say("334 VXNlcm5hbWU6")
        user = base64.b64decode(peer.hear()).decode()
        peer.say("334 UGFzc3dvcmQ6")
        password = base64.b64decode(peer.hear()).decode()
    peer.user = user
    return server.judge(user, password)


def relay(peer):
    server, known = peer.server, False
    inside = server.implicit
    if inside:
        secure(peer, server.ctx)
    peer.say(FINE["greeting"])
    while True:
        words = peer.hear().split(" ")
        verb = words[0].split(":")[0].lower()
        if verb in ("ehlo", "lhlo"):
            tls = "" if inside or server.ctx is None else "250-STARTTLS\r\n"
            auths = f"250-AUTH {server.offer}\r\n" if server.offer else ""
            if server.ctx is not None and not inside:
                auths = ""
            peer.say(f"250-relay.example\r\n{tls}{auths}250 8BITMIME")
        elif verb == "starttls":
            peer.say("220 go")
            secure(peer, server.ctx)
            inside = True
        elif verb == "auth":
            known = server.auth(peer, words)
            if not known and server.refusal is None:
                raise Hangup
            peer.say("235 2.7.0 hello" if known else server.refusal)
        elif verb in ("mail", "rcpt", "data") and not known:
            peer.say("530 5.7.0 log in first")
        elif verb == "data":
            server.takes(peer)
            peer.say("354 go on")
            server.taken.append(peer.body())
            peer.say("250 2.0.0 taken")
        else:
            peer.say(FINE.get(verb, "500 5.5.1 what?"))
            if verb == "quit":
                raise Hangup


def login_worker(postern):
    """The pid of the one worker that logs in."""
    found = [pid for pid in children_of(postern.pid)
             if "deliver\0login" in harness.read_proc(pid, "cmdline")]
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(name="pair", scope="module")
def one_pair(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("smarthost"), "good",
                       "IP:127.0.0.1", "-days", "9")


def put(path, text, mode=0o600):
    """As an editor does: another file takes its name."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(mode)
    new.rename(path)
    return path


def route(server, file, *, tls="", what="any", user="bob", more=""):
    return (f'route {what} to host "[127.0.0.1]" port {server.port} {tls} '
            f'login "{user}" password file "{file}" {more}\n')


@pytest.mark.parametrize("offer", ["PLAIN LOGIN", "LOGIN", "login plain X-Y"])
def test_verified(tmp_path, pair, offer):
    """Through STARTTLS and from the first byte; verified unless said."""
    file = put(tmp_path / "secret", SECRET + "\n")
    with Relay(ctx=server_context(pair), offer=offer) as starttls, \
            Relay(ctx=server_context(pair), implicit=True,
                  offer=offer) as first:
        conf = WORKERS + f'tls ca "{pair[0]}"\n' + \
            route(starttls, file, what="domain starttls.example") + \
            route(first, file, what="domain first.example",
                  tls="tls verify immediate")
        with Postern(tmp_path, conf) as postern:
            for server, name in ((starttls, "starttls"), (first, "first")):
                send(postern, f"{name}.example")
                wait_for(lambda server=server: server.taken)
                assert server.logins == [("bob", SECRET)]
            wait_for(lambda: len(postern.events("delivered")) == 2)
            assert len(postern.events("password-read")) == 2


def test_lmtp(tmp_path, pair):
    """A mail store that wants a login (RFC 2033 4): the same, after LHLO; a
    refusal defers."""
    file = put(tmp_path / "secret", SECRET + "\n")
    with Relay(ctx=server_context(pair)) as store:
        text = route(store, file).replace("to host", "to lmtp host")
        with Postern(tmp_path, WORKERS + f'tls ca "{pair[0]}"\n' +
                     text) as postern:
            send(postern, "store.example")
            wait_for(lambda: postern.events("delivered"))
            assert len(store.taken) == 1
            assert store.logins == [("bob", SECRET)]
            assert store.verbs()[:4] == ["LHLO", "STARTTLS", "LHLO", "AUTH"]
            assert "EHLO" not in store.verbs()
            assert login_worker(postern)
            store.valid = set()
            postern.tool("suspend", "lmtp bob@[127.0.0.1]")
            postern.tool("resume", "lmtp bob@[127.0.0.1]")
            # the connection that is kept has logged in
            os.kill(login_worker(postern), signal.SIGKILL)
            wait_for(lambda: len(postern.events("password-read")) == 2)
            send(postern, "store.example")
            line, = postern.wait_event("deferred")
            assert "refuses our login" in line
            assert len(store.taken) == 1


def clear_route(server, file, **how):
    return route(server, file, tls="tls none", more="cleartext", **how)


def test_refused_then_mended(tmp_path):
    """535 is for later, the postmaster is told once, and a new password is
    taken without a restart; nothing repeats the old one."""
    file = put(tmp_path / "secret", SECRET)
    with Relay() as server, Scripted(good) as office:
        server.valid = {"another"}
        # servers that repeat what they heard
        server.refusal = (f"535-5.7.8 {SECRET} is wrong\r\n535 5.7.8 "
                          f"{b64(chr(0) + 'bob' + chr(0) + SECRET)}")
        conf = WORKERS + 'postmaster "pm@office.example"\n' + \
            f'route domain office.example to host "[127.0.0.1]" ' \
            f'port {office.port}\n' + clear_route(server, file)
        with Postern(tmp_path, conf) as postern:
            send(postern, "one.example")
            wait_for(lambda: postern.events("deferred"))
            line = postern.wait_event("login-refused")
            assert "bob" in str(line)
            wait_for(lambda: office.bodies)
            letter = office.bodies[0].decode()
            assert "refuses our login" in letter, letter
            assert "bob@[127.0.0.1]" in letter, letter
            # not asked again at once, and told only once
            postern.tool("retry", "--all")
            wait_for(lambda: len(server.logins) == 2)
            wait_for(lambda: len(postern.events("deferred")) >= 2)
            assert not postern.events("bounced")
            # nor after a restart, where the file may have been changed
            postern.stop()
            postern.start()
            wait_for(lambda: len(server.logins) == 3)
            postern.wait_event("deferred")
            pid = login_worker(postern)
            put(file, "another\n")
            wait_for(lambda: len(postern.events("password-read")) == 2)
            # with nobody's help
            wait_for(lambda: len(server.taken) == 1)
            assert server.logins[-1] == ("bob", "another")
            assert login_worker(postern) == pid
            wait_for(lambda: not postern.queue())
            # a file that cannot be one is told of, and the old one stays
            put(file, "two\nlines\n")
            postern.wait_event("password-refused")
            send(postern, "two.example")
            wait_for(lambda: len(server.taken) == 2)
            assert len(office.bodies) == 1
        for path in [postern.log, *postern.spool.rglob("*")]:
            if path.is_file():
                data = path.read_bytes()
                assert SECRET.encode() not in data, path
                assert b64(SECRET).encode() not in data, path


@needs_root
def test_secret_is_in_its_worker_alone(tmp_path, pair):
    """Not in the log, the spool, or the memory of anybody else."""
    file = put(tmp_path / "secret", SECRET)
    marks = {"secret": SECRET.encode(), "base64": b64(SECRET).encode(),
             "plain": b64(f"\0bob\0{SECRET}").encode()}
    with Relay(ctx=server_context(pair), offer="LOGIN") as server, \
            Scripted(good) as other:
        conf = WORKERS + f'tls ca "{pair[0]}"\n' + \
            route(server, file, what="domain one.example") + \
            f'route any to host "[127.0.0.1]" port {other.port}\n'
        with Postern(tmp_path, conf) as postern:
            send(postern, "one.example")
            send(postern, "other.example")
            wait_for(lambda: server.taken and other.bodies)
            wait_for(lambda: len(postern.events("delivered")) == 2)
            worker = login_worker(postern)
            found = {pid: harness.memory_holds(pid, marks)
                     for pid in postern.tree()}
            assert "secret" in found[worker]
            for pid in postern.tree():
                # what is said goes through the client side of tls
                name = harness.read_proc(pid, "cmdline")
                may = {"base64"} if "tls\0client" in name else set()
                assert pid == worker or found[pid] <= may, (name, found[pid])
        for path in [postern.log, *postern.spool.rglob("*")]:
            for mark in marks.values():
                assert not path.is_file() or mark not in path.read_bytes()


def test_worker_dies(tmp_path):
    """Its worker killed: the next one has the password, nothing is lost, and
    mail of other routes has gone on meanwhile."""
    file = put(tmp_path / "secret", SECRET)
    with Relay() as server:
        with Postern(tmp_path, WORKERS +
                     clear_route(server, file)) as postern:
            for n in range(3):
                os.kill(login_worker(postern), signal.SIGKILL)
                send(postern, f"d{n}.example")
                wait_for(lambda n=n: len(server.taken) == n + 1)
                wait_for(lambda n=n: len(postern.events("delivered")) == n + 1)
            assert not postern.events("deferred")


def test_not_in_clear_text(tmp_path, pair):
    """A server that offers AUTH but no TLS hears nothing of a password; one
    without AUTH no mail."""
    file = put(tmp_path / "secret", SECRET)
    with Relay() as clear, Relay(offer="") as mute:
        conf = WORKERS + f'tls ca "{pair[0]}"\n' + \
            route(clear, file, what="domain clear.example") + \
            clear_route(mute, file, what="domain mute.example")
        with Postern(tmp_path, conf) as postern:
            send(postern, "clear.example")
            send(postern, "mute.example")
            wait_for(lambda: len(postern.events("deferred")) == 2)
            log = str(postern.events("deferred"))
            assert "no TLS" in log and "offers neither AUTH PLAIN" in log
            assert clear.logins == mute.logins == []
            assert not any("AUTH" in line for line in clear.heard)


@pytest.mark.parametrize("mode, text, why", [
    (0o640, SECRET, "others may read it: chmod 0600"),
    (0o604, SECRET, "others may read it: chmod 0600"),
    (None, "", "No such file")])
def test_file_refused_at_start(tmp_path, mode, text, why):
    file = tmp_path / "secret"
    if mode is not None:
        put(file, text, mode)
    postern = Postern(
        tmp_path, f'route any to host "mx.example" login "bob" password file '
        f'"{file}"\n', start=False)
    done = postern.check_conf()
    line = len(postern.conf.read_text().splitlines()) - 0
    assert done.returncode != 0 and why in done.stderr, done.stderr
    assert f"postern.conf:{line - 1}: {file}: " in done.stderr, done.stderr


def test_hosts_in_turn(tmp_path):
    """The next of a list when one is not there or does not greet."""
    port = harness.free_port()
    with Scripted(good, addr="127.0.0.3", port=port) as third:
        conf = WORKERS + "route any to host { 127.0.0.1 127.0.0.2 " \
            f'"[127.0.0.3]" }} port {port} tls none\n'
        with Postern(tmp_path, conf) as postern:
            with Scripted(good, addr="127.0.0.1", port=port) as first:
                send(postern, "a.example")
                wait_for(lambda: first.bodies)
                assert not third.connections
            with Scripted(good, addr="127.0.0.2", port=port,
                          greeting="421 4.3.2 busy") as second:
                send(postern, "b.example")
                wait_for(lambda: third.bodies)
                assert second.connections == 1
            wait_for(lambda: len(postern.events("delivered")) == 2)
            assert not postern.events("deferred")
            # suspended by the name that the list has as a whole
            name = "[127.0.0.1],[127.0.0.2],[127.0.0.3]"
            assert "suspended" in postern.tool("suspend", name)


def test_route_by_origin(tmp_path):
    """By address, domain and login of who sends; the first that fits."""
    with Scripted(good) as boss, Scripted(good) as firm, \
            Scripted(good) as other:
        conf = WORKERS + \
            f'route any from boss@firm.example to host 127.0.0.1 ' \
            f'port {boss.port} tls none\n' \
            f'route any from domain firm.example to host 127.0.0.1 ' \
            f'port {firm.port} tls none\n' \
            f'route any to host 127.0.0.1 port {other.port} tls none\n'
        with Postern(tmp_path, conf) as postern:
            for sender in ("Boss@Firm.Example", "ann@firm.example", "",
                           "boss@sub.firm.example"):
                with tlskit.TlsClient(postern, start=False) as client:
                    client.envelope(sender)
                    assert client.say("Subject: x\r\n\r\nhi\r\n.") \
                        .startswith("250")
            wait_for(lambda: len(postern.events("delivered")) == 4)
            assert [len(s.bodies) for s in (boss, firm, other)] == [1, 1, 2]


def test_route_by_login(tmp_path):
    """Of two who have logged in one has a route; also after a restart."""
    port = harness.free_port()
    more = f"route any from login bob to host 127.0.0.1 port {port} tls none\n"
    with Office(tmp_path, more) as office:
        postern = office.postern
        for name in ("ann", "bob"):
            with office.client() as client:
                assert client.say(f"AUTH PLAIN {plain(name, PASSWORD)}") \
                    .startswith("235")
                client.mail()
        office.sink.wait(1)
        wait_for(lambda: postern.events("deferred"))
        postern.stop()
        postern.start()
        with Scripted(good, port=port) as server:
            postern.tool("retry", "--all")
            wait_for(lambda: server.bodies)
            wait_for(lambda: not postern.queue())
        assert office.sink.lines() == 1


def test_source(tmp_path):
    """By the address of the route, and with its name; connections of one are
    not used for the mail of another."""
    seen = []

    def watch(peer):
        seen.append((peer.sock.getpeername()[0], []))
        mine = seen[-1][1]

        def hear(line=peer.hear):
            mine.append(line())
            return mine[-1]

        peer.hear = hear
        good(peer)

    with Scripted(watch) as server:
        conf = WORKERS + \
            "source bulk address 127.0.0.5 helo bulk.example\n" \
            "source six address ::1\n" \
            f"route domain six.example to host 127.0.0.1 port {server.port} " \
            "source six\n" \
            f"route domain bulk.example to host 127.0.0.1 port " \
            f"{server.port} source bulk\n" \
            f"route any to host 127.0.0.1 port {server.port}\n"
        with Postern(tmp_path, conf) as postern:
            for n, domain in enumerate(("bulk.example", "other.example",
                                        "bulk.example")):
                send(postern, domain)
                wait_for(lambda n=n: len(postern.events("delivered")) == n + 1)
            send(postern, "six.example")
            line = postern.wait_event("deferred")
            assert "Cannot assign" in str(line)
    by = {addr: said for addr, said in seen}
    assert sorted(by) == ["127.0.0.1", "127.0.0.5"] and len(seen) == 2
    assert by["127.0.0.5"][0] == "EHLO bulk.example"
    assert by["127.0.0.1"][0] == "EHLO relay.example"
    assert len([s for s in by["127.0.0.5"] if s.startswith("RCPT")]) == 2
