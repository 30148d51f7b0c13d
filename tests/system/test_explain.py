# SPDX-License-Identifier: ISC
# tests/system/test_explain.py - postern explain: by what rule, by which
# servers, and how things stand.
"""What would become of mail, asked of a whole suite."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import BUILD, Dns, Postern, free_port, wait_for  # noqa: E402

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="skipped: root")
USER = 40001
RECORDS = [
    "pair.example MX 20 b.pair.example", "pair.example MX 10 a.pair.example",
    "a.pair.example A 203.0.113.1", "a.pair.example A 203.0.113.2",
    "b.pair.example A 203.0.113.3", "b.pair.example AAAA 2001:db8::3",
    "null.example MX 0 .", "plain.example A 203.0.113.9",
    "loop.example MX 10 relay.example", "relay.example A 203.0.113.4",
    "bad.example MX 10 in.bad.example", "in.bad.example A 127.0.0.1",
    "named.example CNAME target.example", "target.example MX 5 a.pair.example",
    "box.lan A 203.0.113.7"]
BEHAVIOURS = ["fails.example servfail", "silent.example timeout"]
CONF = """workers smtpd 1
workers deliver 1
limit destination "pair.example" messages 100 per minute
source vip address 203.0.113.100 helo vip.relay.example
"""


class Asked:
    """One run of postern explain."""

    def __init__(self, suite, *words, uid=None, timeout=200, env=None):
        argv = [str(BUILD / "postern"), "-s", str(suite.control), "explain",
                *words]
        if uid is not None:
            argv = ["setpriv", f"--reuid={uid}", f"--regid={uid}",
                    "--clear-groups", *argv]
        self.done = subprocess.run(argv, capture_output=True, text=True,
                                   timeout=timeout, check=False,
                                   env={**os.environ, **(env or {})})
        self.code = self.done.returncode
        self.out, self.err = self.done.stdout, self.done.stderr

    @property
    def all(self):
        return self.out + self.err


def explain(suite, *words, code=0, **more):
    """The object, of a run that ended so."""
    asked = Asked(suite, "--json", *words, **more)
    assert asked.code == code, asked.all
    return json.loads(asked.out)


def text(suite, *words, code=0, **more):
    asked = Asked(suite, *words, **more)
    assert asked.code == code, asked.all
    return asked.all


def line_of(suite, words):
    """Where in the configuration a line begins so."""
    return 1 + [line.startswith(words) for line in
                suite.conf.read_text().splitlines()].index(True)


@pytest.fixture(name="world", scope="module")
def made_world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    aliases = folder / "aliases"
    aliases.write_text("both: ann@pair.example, bob@plain.example\n"
                       "one: ann@pair.example\n"
                       "many: " + ", ".join(f"u{i}@x.example"
                                            for i in range(120)) + "\n")
    for place in (folder, *list(folder.parents)[:2]):
        os.chmod(place, 0o755)
    with Dns(folder, RECORDS, BEHAVIOURS, addr="127.0.0.1") as dns:
        conf = CONF + f"""{dns.setting()}
alias file "{aliases}"
local domain here.example
route domain dead.example to host "[127.0.0.1]" port {free_port()}
route domain strict.example to mx tls verify
route domain listed.example to host {{ box.lan "[203.0.113.8]" }} port 26
route any from boss@x.example to host "[203.0.113.66]" port 27 tls none
route any from login ann to host box.lan port 28
route domain store.example to lmtp "{folder}/no-socket"
route domain plain.example to mx source vip
route any to mx
"""
        with Postern(folder, conf) as suite:
            suite.dns = dns
            yield suite


def ips(said):
    return [(s["ip"], s["port"]) for s in said["servers"]]


def test_exchangers(world):
    said = explain(world, "ann@pair.example")
    assert said["verdict"] == "go"
    assert said["route"]["rule"] == "route any to mx"
    assert said["route"]["line"] == line_of(world, "route any to mx")
    assert (said["route"]["host"], said["route"]["port"]) == (
        "pair.example", 25)
    assert [(h["preference"], h["host"]) for h in said["hosts"]] == [
        (10, "a.pair.example"), (20, "b.pair.example")]
    assert sorted(ips(said)[:2]) == [("203.0.113.1", 25), ("203.0.113.2", 25)]
    assert sorted(ips(said)[2:]) == [("2001:db8::3", 25), ("203.0.113.3", 25)]
    assert said["way"]["dnssec"] == "not validated"
    assert not said["way"]["validates"]
    assert (said["way"]["tls"], said["way"]["line"]) == (
        "opportunistic", said["route"]["line"])
    assert {s["dane"] for s in said["servers"]} == {"insecure"}
    assert said["state"]["limits"] == [
        {"count": 100, "seconds": 60, "name": "pair.example"}]
    assert said["way"]["helo"] == "relay.example"
    assert said["state"]["known"] is False
    page = text(world, "ann@pair.example")
    for words in ("  1. 203.0.113.", "   10 a.pair.example", "so          go",
                  "no resolver in use has shown that it validates",
                  "pair.example: 100 in 60 seconds",
                  "open, nothing was sent there yet"):
        assert words in page, page


# Address, exit code, status, and what is said of it.
VERDICTS = [
    ("a@null.example", 1, "5.1.10", "takes no mail"),
    ("a@none.example", 1, "5.1.2", ""),
    ("a@fails.example", 1, "4.4.3", "DNS"),
    ("a@loop.example", 1, "5.4.6", "come back to us"),
    ("a@bad.example", 1, "5.4.4", "no address that may be used"),
    ("a@[127.0.0.1]", 1, "5.4.4", "may not be used"),
    ("a@[203.0.113.5]", 0, "2.0.0", ""),
    ("a@plain.example", 0, "2.0.0", ""),
    ("a@named.example", 0, "2.0.0", ""),
    ("nobody", 1, "5.1.1", "no mailboxes"),
    ("postmaster@here.example", 1, "4.3.5", "no place to go"),
]


@pytest.mark.parametrize("case", VERDICTS, ids=lambda c: c[0])
def test_verdicts(world, case):
    address, code, status, words = case
    said = explain(world, address, code=code)
    assert said["status"] == status, said
    assert words in said["text"]
    assert (said["verdict"] == "go") == (code == 0)


def test_silent_dns_is_bounded(world):
    said = explain(world, "a@silent.example", code=1)
    assert said["verdict"] == "later" and said["smtp"] == 451
    assert said["way"]["exchangers"] != "found"


def test_routes(world):
    said = explain(world, "a@listed.example")
    assert ips(said) == [("203.0.113.7", 26), ("203.0.113.8", 26)]
    assert said["route"]["rule"] == (
        'route domain listed.example to host { "box.lan" "[203.0.113.8]" } '
        "port 26")
    said = explain(world, "a@pair.example", "--from", "boss@x.example")
    assert ips(said) == [("203.0.113.66", 27)]
    assert said["way"]["tls"] == said["servers"][0]["tls"] == "none"
    assert said["way"]["line"] == line_of(world, "route any from boss")
    assert said["servers"][0]["dane"] == "off"
    said = explain(world, "a@pair.example", "--login", "ann")
    assert said["route"]["port"] == 28
    said = explain(world, "a@pair.example", "--login", "bob")
    assert said["route"]["port"] == 25
    said = explain(world, "a@strict.example", code=1)
    assert said["way"]["tls"] == "verify" and not said["way"]["dane"]
    said = explain(world, "a@plain.example")
    assert (said["way"]["source"], said["way"]["ipv4"], said["way"]["helo"],
            said["way"]["ipv6"]) == ("vip", "203.0.113.100",
                                     "vip.relay.example", "")
    assert said["way"]["implicit"] is True


def test_mail_store(world):
    """A socket has no address, no DNS and no TLS; nobody listens there."""
    path = str(world.conf.parent / "no-socket")
    said = explain(world, "ann@store.example")
    assert said["verdict"] == "go"
    assert (said["route"]["transport"], said["route"]["host"]) == (
        "lmtp", path)
    (server,) = said["servers"]
    assert (server["host"], server["ip"], server["tls"]) == (path, "", "none")
    out = text(world, "--connect", "ann@store.example", code=1)
    assert "No such file or directory" in out and "451 4.4.1" in out


def test_who_is_meant(world):
    said = explain(world, "both@here.example")
    assert said["meant"] == ["ann@pair.example", "bob@plain.example"]
    assert "route" not in said
    said = explain(world, "one")
    assert said["meant"] == ["ann@pair.example"]
    assert said["route"]["host"] == "pair.example" and said["servers"]
    said = explain(world, "many")
    assert said["names"] == 120 and len(said["meant"]) == 100
    assert "and 20 more" in text(world, "many")


def test_dead_and_suspended(world):
    world.tool("suspend", "pair.example", "--for", "2h", "--reason",
               "they asked")
    said = explain(world, "a@pair.example")
    assert said["state"]["reason"] == "they asked"
    assert said["state"]["suspended"] > said["state"]["suspended"][:4]
    assert "suspended for 1h" in text(world, "a@pair.example")
    world.tool("resume", "pair.example")
    assert explain(world, "a@pair.example")["state"]["suspended"] is None
    subprocess.run([BUILD / "tests/client", "-n", "1", "-c", "1", "-h",
                    world.addr, "-p", str(world.port), "-D", "1", "-d",
                    "dead.example", "-o", "/dev/null"], check=True,
                   capture_output=True)
    wait_for(lambda: explain(world, "a@dead.example")["state"]["not_before"],
             what="a destination that backs off")
    state = explain(world, "a@dead.example")["state"]
    assert state["failures"] == 1 and "refused" in state["error"]
    assert state["waiting"] == 1 and state["open"] == 0
    assert state["next_try"] == state["not_before"]
    page = text(world, "a@dead.example")
    assert "backs off for" in page and "after 1 failure\n" in page


BAD = [((), "which address?"), (("a@b.example", "c@d.example"), "one address"),
       (("a@",), "a part of it is missing"), (("",), "it is empty"),
       (("A <a@b.example>",), "an address alone"),
       (("a@b..example",), "can be no such domain"),
       (("a..b@x.example",), "RFC 5321"),
       (("a" * 70 + "@x.example",), "RFC 5321"),
       (("a@b.example", "--from"), "--from: expected"),
       (("a@b.example", "--from", "x y"), "an address alone"),
       (("a@b.example", "--what"), "unknown argument"),
       (("a@b.example", "--login"), "--login: expected")]


@pytest.mark.parametrize("case", BAD, ids=lambda c: " ".join(c[0]) or "-")
def test_bad_words(world, case):
    words, reason = case
    assert reason in text(world, *words, code=64)


@needs_root
def test_a_user(world):
    """Sees the way, and nothing of the mail of others; may not connect."""
    os.chmod(world.runtime, 0o755)
    said = explain(world, "a@pair.example", uid=USER)
    assert ips(said) and said["route"]["line"]
    assert "waiting" not in said["state"] and "error" not in said["state"]
    assert "only root" in text(world, "--connect", "a@pair.example", code=77,
                               uid=USER)
    assert "only root" in text(world, "one", code=77, uid=USER)
    assert any("uid=40001" in line for line in world.events("explain"))


def test_standing_down(tmp_path):
    with Postern(tmp_path, CONF) as suite:
        suite.stop()
        assert "is posternd running?" in text(suite, "a@b.example", code=69)
