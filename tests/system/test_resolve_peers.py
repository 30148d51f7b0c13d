# SPDX-License-Identifier: ISC
# tests/system/test_resolve_peers.py - postern-resolve against nsd, unbound.
#
# nsd alone is an authoritative server that does not recurse; behind unbound
# it is what a machine's resolver finds.  Both repeat a question's case.
"""postern-resolve and real name servers."""

import sys
import types
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1] / "lib"))
sys.path.insert(0, str(HERE.parents[1] / "peers"))
from peers import Nsd, Unbound  # noqa: E402
from test_resolve import ask  # noqa: E402

MANY = "\n".join(f"many A 192.0.2.{n}" for n in range(1, 201))

ZONES = {
    "one.test": f"""
@ MX 10 mx1
@ MX 20 mx2.two.test.
mx1 A 192.0.2.1
mx1 AAAA 2001:db8::1
www CNAME @
abroad CNAME host.two.test.
null MX 0 .
text TXT "hello"
*.wild A 192.0.2.9
{MANY}
""",
    "two.test": """
host A 192.0.2.2
mx2 A 192.0.2.3
back CNAME abroad.one.test.
""",
}

ANSWERS = (
    ("mx one.test", "found", ["10 mx1.one.test", "20 mx2.two.test"]),
    ("mx www.one.test", "found", ["10 mx1.one.test", "20 mx2.two.test"]),
    ("mx null.one.test", "found", ["0 ."]),
    ("mx text.one.test", "none", []),
    ("mx nowhere.one.test", "no-name", []),
    ("host mx1.one.test", "found", ["192.0.2.1", "2001:db8::1"]),
    ("host mx2.two.test", "found", ["192.0.2.3"]),
    ("host abroad.one.test", "found", ["192.0.2.2"]),
    ("host back.two.test", "found", ["192.0.2.2"]),
    ("host text.one.test", "none", []),
    ("host nowhere.two.test", "no-name", []),
)


@pytest.fixture(name="nsd", scope="module")
def fixture_nsd(tmp_path_factory):
    with Nsd(tmp_path_factory.mktemp("nsd"), ZONES) as nsd:
        yield nsd


@pytest.fixture(name="unbound", scope="module")
def fixture_unbound(tmp_path_factory, nsd):
    with Unbound(tmp_path_factory.mktemp("unbound"), ZONES,
                 nsd.port) as unbound:
        yield unbound


@pytest.fixture(name="server", params=["nsd", "unbound"])
def fixture_server(request):
    peer = request.getfixturevalue(request.param)
    return types.SimpleNamespace(addr=peer.address, port=peer.port)


def test_answers(server):
    answers = ask([server], *[question for question, _, _ in ANSWERS])
    for question, kind, records in ANSWERS:
        answer = answers[question.split()[1]]
        assert (question, answer.kind) == (question, kind)
        assert sorted(answer.records) == sorted(records)


def test_many_addresses_come_by_tcp(server):
    answer = ask([server], "host many.one.test")["many.one.test"]
    assert answer.kind == "found"
    assert len(answer.records) == 32


def test_a_foreign_zone(server):
    """nsd refuses; this unbound knows nothing but its zones."""
    answer = ask([server], "mx three.example")["three.example"]
    assert answer.kind in ("trouble", "no-name")


def test_thousands(server):
    answers = ask([server], "host a#.wild.one.test", n=1000)
    assert len(answers) == 1000
    assert {a.kind for a in answers.values()} == {"found"}
