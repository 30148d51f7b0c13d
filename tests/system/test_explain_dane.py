# SPDX-License-Identifier: ISC
# tests/system/test_explain_dane.py - postern explain, where the DNS is signed.
"""DNSSEC and DANE as they are told, and what a connection makes of them."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1] / "lib"))
sys.path.insert(0, str(HERE.parents[1] / "peers"))
from harness import Postern  # noqa: E402
from test_dane import Cases, conf  # noqa: E402
from test_explain import explain, text  # noqa: E402
from verdicts import certificate, record, unusable  # noqa: E402


class Few(Cases):
    """A server for each thing that can be said."""

    def make(self):
        own = certificate(self.folder, "own", "DNS:nobody")
        other = certificate(self.folder, "other", "DNS:nobody")
        right, wrong = record(3, 1, 1, own), record(3, 1, 1, other)
        self.wrong = wrong
        for name, records in (
                ("right", [right]), ("wrong", [wrong]), ("without", []),
                ("unusable", unusable(own)),
                ("agile", [right, record(3, 1, 2, own)])):
            self.row(name, own, records, ())
        self.row("wrong", own, [wrong], (), zone="plain")
        self.row("any", own, [right], (), zone="old")
        self.row("tlsa", own, [wrong], (), zone="bent")
        self.tampered["bent"].add((wrong.split()[3], "00" * 32))


@pytest.fixture(name="world", scope="module")
def made_world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain-dane")
    cases = Few(folder)
    with cases.lab() as lab, Postern(folder, conf(cases, lab)) as suite:
        suite.wait_event("resolver-validates")
        suite.cases = cases
        yield suite
    cases.close()


def only(said, what="servers"):
    assert len(said[what]) == 1, said
    return said[what][0]


# Domain, DNSSEC of its exchangers, what DANE does, what TLS is asked for.
STATES = [("right.good", "secure", "usable", "required"),
          ("wrong.good", "secure", "usable", "required"),
          ("agile.good", "secure", "usable", "required"),
          ("unusable.good", "secure", "unusable", "required"),
          ("without.good", "secure", "none", "opportunistic"),
          ("wrong.plain", "insecure", "insecure", "opportunistic"),
          ("tlsa.bent", "secure", "trouble", "required")]


@pytest.mark.parametrize("case", STATES, ids=lambda c: c[0])
def test_states(world, case):
    domain, secure, dane, tls = case
    said = explain(world, f"a@{domain}")
    assert said["way"]["validates"] is True
    assert said["way"]["dnssec"] == secure
    assert only(said, "hosts")["dnssec"] == secure
    server = only(said)
    assert (server["dnssec"], server["dane"], server["tls"]) == (
        secure, dane, tls)
    if dane == "trouble":
        assert "SERVFAIL, bogus (DNSSEC): " in server["text"]
    assert bool(server["tlsa"]) == (dane in ("usable", "unusable"))


def test_bogus_is_no_answer(world):
    said = explain(world, "a@any.old", code=1)
    assert said["verdict"] == "later"
    assert "SERVFAIL, bogus (DNSSEC): " in said["text"]
    assert said["way"]["exchangers"] == "no answer, or a bogus one"


def test_why_records_do_not_count(world):
    tlsa = only(explain(world, "a@unusable.good"))["tlsa"]
    assert sorted(t["flaw"] for t in tlsa) == [
        "no such digest", "not a usage for mail", "unknown matching type",
        "unknown selector"]
    assert not any(t["counts"] for t in tlsa)
    tlsa = only(explain(world, "a@agile.good"))["tlsa"]
    assert {(t["matching"], t["flaw"]) for t in tlsa} == {
        (1, "another is stronger"), (2, "")}
    record_ = only(explain(world, "a@right.good"))
    assert record_["name"] == "right.mx.good"
    page = text(world, "a@right.good")
    assert "TLS required for right.mx.good; DANE usable" in page
    assert f"TLSA 3 1 1 {record_['tlsa'][0]['data']}\n" in page


def test_a_connection_judges(world):
    said = explain(world, "--connect", "a@right.good")
    assert only(said, "sessions")["tls"].endswith(" dane")
    said = explain(world, "--connect", "a@wrong.good", code=1)
    session = only(said, "sessions")
    assert "no TLSA record matches" in session["text"]
    assert session["verdict"] == "later" and session["tls"] == ""
    said = explain(world, "--connect", "a@tlsa.bent", code=1)
    assert "no answer for the TLSA records" in only(said, "sessions")["text"]
    said = explain(world, "--connect", "a@unusable.good")
    assert only(said, "sessions")["tls"].endswith(" no")
