# SPDX-License-Identifier: ISC
# tests/system/test_explain_connect.py - postern explain: what servers say, as
# far as EHLO and TLS, and what DANE makes of them.
"""Servers of each kind, and nothing that could be mail."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1] / "lib"))
sys.path.insert(0, str(HERE.parents[1] / "peers"))
from harness import BUILD, Postern, free_port, wait_for  # noqa: E402
from scripted import Scripted, good  # noqa: E402
from test_explain import Asked, explain, needs_root, text  # noqa: E402
from test_smarthost import SECRET, Relay  # noqa: E402
from verdicts import WORKERS, Server, certificate, silent  # noqa: E402


def servers(folder):
    files = certificate(folder, "mx", "DNS:mx.example")
    return {"clear": Scripted(good, greeting="220 odd\x1b[31m.example hello"),
            "tls": Server(files), "hangs": Server(files, "hangs"),
            "refused": Server(files, "refused"),
            "away": Scripted(good, greeting="554 5.7.1 not you"),
            "silent": Scripted(silent)}


@pytest.fixture(name="world", scope="module")
def made_world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("connect")
    made = servers(folder)
    routes = "source apart\n" + "".join(
        f'route domain {name}{"" if tls == "opportunistic" else "-" + tls}'
        f'.example to host "[127.0.0.1]" port {server.port} tls {tls}'
        # of one next hop all routes would ask for the most
        f'{" source apart" if tls == "required" else ""}\n'
        for name, server in made.items()
        for tls in ("opportunistic", "required"))
    routes += (f'route domain dead.example to host "[127.0.0.1]" port '
               f"{free_port()}\n"
               'route domain second.example to host { "[127.0.0.9]" '
               f'"[127.0.0.1]" }} port {made["clear"].port}\n')
    with Postern(folder, WORKERS + routes) as suite:
        suite.servers = made
        yield suite
    for server in made.values():
        server.__exit__(ValueError)


def only(said):
    assert len(said["sessions"]) == 1, said
    return said["sessions"][0]


def never_mail(server):
    assert not {"MAIL", "RCPT", "DATA", "AUTH"} & set(server.verbs())


def test_in_clear(world):
    said = explain(world, "--connect", "a@clear.example")
    session = only(said)
    assert session["verdict"] == "go" and said["verdict"] == "go"
    assert "hello" in session["greeting"] and session["tls"] == ""
    assert session["offers_clear"] == ["PIPELINING", "SIZE 0", "8BITMIME"]
    server = world.servers["clear"]
    wait_for(lambda: server.verbs() == ["EHLO", "QUIT"],
             what="EHLO and QUIT alone")
    page = text(world, "--connect", "a@clear.example")
    assert "odd\\x1b[31m.example hello" in page and "\x1b" not in page
    assert "PIPELINING,SIZE 0,8BITMIME" in page
    never_mail(server)


def test_with_tls(world):
    said = explain(world, "--connect", "a@tls.example")
    session = only(said)
    assert session["tls"].startswith("TLSv1.") and \
        session["tls"].endswith(" no")
    assert "STARTTLS" in session["offers_clear"]
    assert session["offers_tls"] == ["SIZE 0", "8BITMIME"]
    wait_for(lambda: world.servers["tls"].verbs()[-1] == "QUIT",
             what="QUIT")
    never_mail(world.servers["tls"])


# Domain, and what is said of each connection: verdict, part of the text.
SESSIONS = [
    ("refused.example", 0, [("go", "ready for mail")]),
    ("refused-required.example", 1, [("later", "answered STARTTLS with 454")]),
    ("clear-required.example", 1, [("later", "does not offer it")]),
    ("away.example", 1, [("later", "session refused: 554 not you")]),
    ("dead.example", 1, [("later", "refused")]),
    ("hangs-required.example", 1, [("later", "took too long")]),
    ("second.example", 0, [("later", "refused"), ("go", "ready")]),
]


@pytest.mark.parametrize("case", SESSIONS, ids=lambda c: c[0])
def test_sessions(world, case):
    domain, code, want = case
    said = explain(world, "--connect", f"a@{domain}", code=code)
    assert [s["verdict"] for s in said["sessions"]] == [w[0] for w in want]
    for session, (_, words) in zip(said["sessions"], want):
        assert words in session["text"], session
    assert said["verdict"] == want[-1][0]


def test_one_at_a_time(world):
    argv = [str(BUILD / "postern"), "-s", str(world.control), "explain",
            "--connect", "a@silent.example"]
    before = world.servers["silent"].connections
    first = subprocess.Popen(argv, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    wait_for(lambda: world.servers["silent"].connections > before,
             what="the first one to connect")
    assert "one at a time" in text(world, "--connect", "a@clear.example",
                                   code=75)
    # without a connection nobody waits
    assert explain(world, "a@clear.example")["servers"]
    # nobody waits for it: it goes on, and is still one
    first.kill()
    first.communicate()
    assert "one at a time" in text(world, "--connect", "a@clear.example",
                                   code=75)


def test_worker_is_lost(world):
    """The question ends with who was asked, and the next one is answered."""
    argv = [str(BUILD / "postern"), "-s", str(world.control), "explain",
            "--connect", "a@silent.example"]
    os.kill(world.child("deliver"), signal.SIGKILL)
    world.wait_event("ready")

    def connecting():
        before = world.servers["silent"].connections
        run = subprocess.Popen(argv, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        wait_for(lambda: run.poll() is not None or
                 world.servers["silent"].connections > before,
                 what="a connection, or a refusal")
        return None if run.poll() is not None else run
    run = wait_for(connecting, what="a connection")
    os.kill(world.child("deliver"), signal.SIGKILL)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 75 and "is gone: try again" in err, out + err
    wait_for(lambda: Asked(world, "--connect", "a@clear.example").code == 0,
             what="an answer", poll=0.2)


@needs_root
def test_smarthost(tmp_path):
    """By the worker of the login; it stops before AUTH."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    with Relay() as relay:
        conf = (WORKERS + f'route any to host "[127.0.0.1]" port {relay.port} '
                f'tls none login bob password file "{secret}" cleartext\n')
        with Postern(tmp_path, conf) as suite:
            said = explain(suite, "--connect", "a@b.example")
            assert said["route"]["login"] and said["route"]["user"] == "bob"
            assert said["route"]["host"] == "[127.0.0.1]"
            assert said["way"]["credential"] == "password"
            assert only(said)["text"] == "ready for our login"
            assert "AUTH PLAIN LOGIN" in only(said)["offers_clear"]
            page = text(suite, "a@b.example")
            assert "login       as bob" in page
            assert SECRET not in page + str(said)
            assert relay.logins == []
            never_mail(relay)
