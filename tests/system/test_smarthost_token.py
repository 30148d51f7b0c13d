# SPDX-License-Identifier: ISC
# tests/system/test_smarthost_token.py - routes with a token.
#
# The token is a mark that is looked for where it must not be.
"""OAUTHBEARER and XOAUTH2: said, refused, expired, renewed by nobody's hand."""

import base64
import contextlib
import datetime
import json
import re
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, wait_for  # noqa: E402
from scripted import Hangup, Scripted, good  # noqa: E402
from test_smarthost import (  # noqa: E402,F401
    Relay, WORKERS, b64, one_pair, put, relay)
from verdicts import send, server_context  # noqa: E402

USER = "box,17=x@example.org"
SHORT = "ya29.Hush7Short_Marked~x/y+z=="
LONG = "eyJ0Hush8." + "Long-Marked" * 180 + ".z"
WRONG = "Hush9.Wrong-Marked" * 20
JSON = json.dumps({"status": "401", "schemes": "bearer mac",
                   "scope": "https://mail.example/"})
WAKE_EVERY = 2  # seconds, for one login
SKEW = 10  # seconds before its end that a token is said no more


class TokenRelay(Relay):
    """Takes tokens; lost: the step at which it hangs up."""

    def __init__(self, pair, offer="OAUTHBEARER XOAUTH2 PLAIN LOGIN",
                 lost=None, **how):
        super().__init__(ctx=server_context(pair), offer=offer, **how)
        self.valid, self.lost = {SHORT, LONG}, lost
        self.mechanisms, self.said = [], []

    def at(self, step):
        if self.lost == step:
            raise Hangup

    def auth(self, peer, words):
        self.at("command")
        mechanism, response = words[1], words[2:]
        if not response:
            peer.say("334 ")
            response = [peer.hear()]
        self.at("response")
        text = base64.b64decode(response[0], validate=True).decode()
        if mechanism == "OAUTHBEARER":
            found = re.fullmatch("n,a=([^,]*),\1host=127[.]0[.]0[.]1\1"
                                 f"port={self.port}\1"
                                 "auth=Bearer ([^\1]*)\1\1", text)
            user = found[1].replace("=2C", ",").replace("=3D", "=")
        else:
            found = re.fullmatch("user=([^\1]*)\1auth=Bearer ([^\1]*)\1\1",
                                 text)
            user = found[1]
        self.logins.append((user, found[2]))
        self.mechanisms.append(mechanism)
        if user == USER and found[2] in self.valid:
            return True
        peer.say("334 " + b64(JSON))
        self.at("json")
        assert peer.hear() == ("AQ==" if mechanism == "OAUTHBEARER" else "")
        self.at("sorry")
        return False


def route(server, file, what="any"):
    return (f'route {what} to host "[127.0.0.1]" port {server.port} '
            f'login "{USER}" token file "{file}"\n')


def stamp(seconds):
    """That time from now, as RFC 3339 writes it with an offset."""
    zone = datetime.timezone(datetime.timedelta(hours=2))
    return datetime.datetime.fromtimestamp(
        time.time() + seconds, zone).isoformat(timespec="seconds")


def token_file(folder, token, seconds=None, name="token"):
    text = token + "\n"
    if seconds is not None:
        text += f"expires {stamp(seconds)}\n"
    return put(folder / name, text)


def conf_of(pair, *routes, office=None):
    text = WORKERS + f'tls ca "{pair[0]}"\n'
    if office is not None:
        text += 'postmaster "pm@office.example"\nroute domain ' \
            f'office.example to host "[127.0.0.1]" port {office.port}\n'
    return text + "".join(routes)


def explain(postern):
    return json.loads(postern.tool("explain", "--json", "a@one.example",
                                   check_status=False))


def check_hidden(postern, *more):
    """No token, as it is or as it was said, but where it belongs."""
    marks = [word.encode() for word in ("Hush7", "Hush8", "Hush9")]
    marks += [b64("x" * n + word)[4:-4].encode()
              for word in ("Hush7Short", "Hush8.Long", "Hush9.Wrong")
              for n in (3, 4, 5)]
    for path in [postern.log, *postern.spool.rglob("*")]:
        if path.is_file():
            data = path.read_bytes()
            assert not any(mark in data for mark in marks), path
    for text in more:
        assert not any(mark in text.encode() for mark in marks), text


@pytest.mark.parametrize("offer, token, mechanism", [
    ("LOGIN XOAUTH2 OAUTHBEARER PLAIN", SHORT, "OAUTHBEARER"),
    ("PLAIN OAUTHBEARER", LONG, "OAUTHBEARER"),
    ("PLAIN XOAUTH2", SHORT, "XOAUTH2"),
    ("xoauth2", LONG, "XOAUTH2")], ids=("first", "long", "second", "case"))
def test_said(tmp_path, pair, offer, token, mechanism):
    """By the command or, where it is too long for that, behind the 334."""
    file = token_file(tmp_path, token, 3600)
    with TokenRelay(pair, offer) as server:
        with Postern(tmp_path, conf_of(pair, route(server, file))) as postern:
            send(postern, "one.example")
            wait_for(lambda: postern.events("delivered"))
            assert server.logins == [(USER, token)]
            assert server.mechanisms == [mechanism]
            line = postern.wait_event("token-read")
            assert re.search(r'until="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"',
                             str(line)), line
            said = explain(postern)["way"]
            assert said["credential"] == "token" and said["credential_read"]
            left = datetime.datetime.fromisoformat(
                said["expires"].replace("Z", "+00:00")).timestamp() - \
                time.time()
            assert 3000 < left <= 3600
            page = postern.tool("explain", "a@one.example")
            assert "token       good for " in page, page
            check_hidden(postern, page)


def test_refused_then_renewed(tmp_path, pair):
    """What the server says of it is told; a new file is enough."""
    file = token_file(tmp_path, WRONG)
    with TokenRelay(pair) as server, Scripted(good) as office:
        server.refusal = f"535-5.7.8 {WRONG} is\r\n535 5.7.8 wrong"
        conf = conf_of(pair, route(server, file), office=office)
        with Postern(tmp_path, conf) as postern:
            send(postern, "one.example")
            line, = postern.wait_event("deferred")
            for words in ("535 (its text repeats the token)", "status 401",
                          "scope https://mail.example/"):
                assert words in line, line
            assert "status 401" in str(postern.wait_event("login-refused"))
            wait_for(lambda: office.bodies)
            letter = " ".join(office.bodies[0].decode().split())
            assert "A mail server refuses our login" in letter
            assert "does not accept the token of the route to" in letter
            assert "A new token is read from its file" in letter
            assert explain(postern)["way"]["expires"] is None
            # refused again, as nobody knows that the new one is no better
            token_file(tmp_path, WRONG + "x")
            wait_for(lambda: len(postern.events("login-refused")) == 2)
            assert not postern.events("bounced") and not server.taken
            shown = postern.tool("queue", "--json")
            token_file(tmp_path, LONG)
            wait_for(lambda: server.taken)
            wait_for(lambda: not postern.queue())
            assert [token for _, token in server.logins] == \
                [WRONG, WRONG + "x", LONG]
            assert len(office.bodies) == 1
            check_hidden(postern, shown, letter)


def test_renewed_while_stopped(tmp_path, pair):
    """What was put there with postern down ends the back-off too."""
    file = token_file(tmp_path, WRONG)
    with TokenRelay(pair) as server:
        with Postern(tmp_path, conf_of(pair, route(server, file))) as postern:
            send(postern, "one.example")
            postern.wait_event("asleep")
            postern.stop()
            token_file(tmp_path, SHORT)
            postern.start()
            wait_for(lambda: server.taken)
            assert "awake" in str(postern.events("awake"))


def test_expired(tmp_path, pair):
    """From the start: nobody is called, the postmaster is told once, and mail
    goes when another comes."""
    file = token_file(tmp_path, LONG, SKEW - 1)
    with TokenRelay(pair) as server, Scripted(good) as office:
        conf = conf_of(pair, route(server, file), office=office)
        with Postern(tmp_path, conf) as postern:
            send(postern, "one.example")
            line, = postern.wait_event("deferred")
            send(postern, "two.example")
            assert re.search(
                r"4\.7\.8.*the token of box,17=x@example\.org expired at "
                r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", line), line
            assert len(postern.events("token-expired")) == 1
            wait_for(lambda: office.bodies)
            letter = " ".join(office.bodies[0].decode().split())
            assert "The token for a mail server has expired" in letter
            assert "is no longer good, and no other has come" in letter
            said = explain(postern)
            assert said["verdict"] == "later" and "expired" in said["text"]
            assert said["way"]["credential"] == "token"
            # another that is no better: nothing is tried for it
            token_file(tmp_path, SHORT, -60)
            wait_for(lambda: len(postern.events("token-read")) == 2)
            postern.tool("retry", "--all")
            wait_for(lambda: len(postern.events("deferred")) == 2)
            assert server.connections == 0
            token_file(tmp_path, SHORT, 3600)
            wait_for(lambda: len(server.taken) == 2)
            wait_for(lambda: not postern.queue())
            assert {token for _, token in server.logins} == {SHORT}
            assert len(office.bodies) == 1
            check_hidden(postern, letter)


def test_renewed_in_session(tmp_path, pair):
    """The refusal of the old one comes when the new one is there already."""
    file = token_file(tmp_path, WRONG)
    go = threading.Event()

    class Slow(TokenRelay):
        def auth(self, peer, words):
            known = super().auth(peer, words)
            go.wait(20)
            return known

    with Slow(pair) as server:
        with Postern(tmp_path, conf_of(pair, route(server, file))) as postern:
            send(postern, "one.example")
            wait_for(lambda: server.logins)
            token_file(tmp_path, LONG)
            wait_for(lambda: len(postern.events("token-read")) == 2)
            # queue has acted on that long ago
            end = time.monotonic() + WAKE_EVERY + 0.5
            wait_for(lambda: time.monotonic() > end)
            go.set()
            wait_for(lambda: server.taken)
            assert len(postern.events("login-refused")) == 1
            assert [token for _, token in server.logins] == [WRONG, LONG]


def test_expires_in_session(tmp_path, pair):
    """Before it was said: then it is not."""
    file = token_file(tmp_path, LONG)
    go = threading.Event()

    def held(peer):
        go.wait(20)
        relay(peer)

    with TokenRelay(pair) as server:
        server.script = held
        with Postern(tmp_path, conf_of(pair, route(server, file))) as postern:
            send(postern, "one.example")
            wait_for(lambda: server.connections)
            token_file(tmp_path, LONG, -60)
            wait_for(lambda: len(postern.events("token-read")) == 2)
            go.set()
            line, = postern.wait_event("deferred")
            assert "4.7.8" in line and "expired at" in line
            assert postern.events("token-expired")
            assert "AUTH" not in server.verbs() and not server.logins


def test_expires_while_mail_waits(tmp_path, pair):
    file = token_file(tmp_path, LONG, SKEW + 2)
    with TokenRelay(pair, refusal="454 4.7.0 not now") as server:
        server.valid = set()
        with Postern(tmp_path, conf_of(pair, route(server, file))) as postern:
            send(postern, "one.example")
            postern.wait_event("deferred")
            wait_for(lambda: postern.tool("retry", "--all") and
                     postern.events("token-expired"), poll=0.3)
            n, lines = len(server.logins), len(postern.events("deferred"))
            wait_for(lambda: postern.tool("retry", "--all") and
                     len(postern.events("deferred")) > lines, poll=0.3)
            assert "expired at" in postern.events("deferred")[-1]
            assert len(server.logins) == n
            server.valid = {SHORT}
            token_file(tmp_path, SHORT)
            wait_for(lambda: server.taken)


def test_lost(tmp_path, pair):
    """At each step: later, and nobody says that the token is wrong."""
    steps = ("command", "response", "json", "sorry")
    file = token_file(tmp_path, WRONG)
    servers = [TokenRelay(pair, lost=step) for step in steps] + \
        [TokenRelay(pair, offer="PLAIN LOGIN")]
    conf = conf_of(pair, *(route(server, file, f"domain s{n}.example")
                           for n, server in enumerate(servers)))
    with contextlib.ExitStack() as stack:
        for server in servers:
            stack.enter_context(server)
        postern = stack.enter_context(Postern(tmp_path, conf))
        for n in range(len(servers)):
            send(postern, f"s{n}.example")
        wait_for(lambda: len(postern.events("deferred")) == len(servers))
        by = {re.search(r"@(s\d)\.example", line)[1]: line
              for line in postern.events("deferred")}
        for n in range(len(steps)):
            assert "status=4.4.2" in by[f"s{n}"]
            assert "waiting for the reply to AUTH" in by[f"s{n}"]
        assert "offers neither AUTH OAUTHBEARER nor XOAUTH2" in by["s4"]
        assert not servers[4].logins
        assert not postern.events("login-refused")
        check_hidden(postern)


def test_file_that_is_none(tmp_path, pair):
    """What was read before stays, and the log has no piece of it."""
    file = token_file(tmp_path, SHORT)
    with TokenRelay(pair) as server:
        conf = conf_of(pair, route(server, file))
        with Postern(tmp_path, conf) as postern:
            wait_for(lambda: postern.events("token-read"))
            put(file, "Hush7\nHush8\n")
            line = postern.wait_event("token-refused")
            assert "line 2: it must be" in str(line)
            done = postern.check_conf()
            assert done.returncode != 0 and "line 2: it must be" in done.stderr
            send(postern, "one.example")
            wait_for(lambda: server.taken)
            assert server.logins == [(USER, SHORT)]
            check_hidden(postern, done.stderr)
