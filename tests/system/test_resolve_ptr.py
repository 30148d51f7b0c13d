# SPDX-License-Identifier: ISC
# tests/system/test_resolve_ptr.py - the names of clients.
#
# Asked of postern-resolve as an smtpd worker does; see test_resolve.py.
"""A name counts when it leads back to the address that has it."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import Dns  # noqa: E402
from test_resolve import argv, ask, ask_one  # noqa: E402

SIX = ".".join(reversed("20010db8" + "0" * 23 + "1")) + ".ip6.arpa"


def ptr(last, *names):
    return [f"{last}.2.0.192.in-addr.arpa PTR {name}" for name in names]


RECORDS = (
    *ptr(1, "right.test"), "right.test A 192.0.2.1",
    *ptr(2, "no-forward.test"),
    *ptr(3, "anothers.test"), "anothers.test A 192.0.2.1",
    *ptr(4, "no-forward.test", "anothers.test", "third.test"),
    "third.test A 192.0.2.99", "third.test A 192.0.2.4",
    *ptr(5, "a.test", "b.test", "c.test", "fourth.test"),
    "fourth.test A 192.0.2.5",
    "6.2.0.192.in-addr.arpa CNAME 6.0/25.2.0.192.in-addr.arpa",
    "6.0/25.2.0.192.in-addr.arpa PTR alias.test",
    "alias.test CNAME six.test", "six.test A 192.0.2.6",
    *ptr(7, "new\\010line.test", "bl\\032ank.test", "dot\\.ted.test",
         "\\195\\188.test", "a(b.test", "192.0.2.7", "."),
    *ptr(8, "bad\\000.test", "Good.Test"), "good.test A 192.0.2.8",
    "9.2.0.192.in-addr.arpa TXT nothing",
    *ptr(10, "broken.test"), *ptr(11, "broken.test", "eleven.test"),
    "eleven.test A 192.0.2.11", *ptr(12, "four.test"),
    "four.test AAAA 2001:db8::1", "four.test A 192.0.2.13",
    f"{SIX} PTR four.test",
    "14.2.0.192.in-addr.arpa CNAME 15.2.0.192.in-addr.arpa",
    "15.2.0.192.in-addr.arpa CNAME 14.2.0.192.in-addr.arpa",
)
TRICKS = ("broken.test servfail", "20.2.0.192.in-addr.arpa servfail")


@pytest.fixture(name="dns")
def fixture_dns(tmp_path):
    with Dns(tmp_path, RECORDS, TRICKS) as dns:
        yield dns


@pytest.mark.parametrize("address, kind, names", [
    ("192.0.2.1", "found", ["right.test"]),
    ("::ffff:192.0.2.1", "found", ["right.test"]),
    ("2001:db8::1", "found", ["four.test"]),
    ("2001:db8::2", "no-name", []),
    ("192.0.2.2", "none", []),
    ("192.0.2.3", "none", []),
    ("192.0.2.4", "found", ["third.test"]),
    ("192.0.2.5", "none", []),
    ("192.0.2.6", "found", ["alias.test"]),
    ("192.0.2.7", "none", []),
    ("192.0.2.8", "found", ["good.test"]),
    ("192.0.2.9", "none", []),
    ("192.0.2.10", "trouble", []),
    ("192.0.2.11", "found", ["eleven.test"]),
    ("192.0.2.12", "none", []),
    ("192.0.2.14", "trouble", []),
    ("192.0.2.20", "trouble", []),
    ("192.0.2.99", "no-name", []),
])
def test_names(dns, address, kind, names):
    answer = ask_one([dns], f"ptr {address}")
    assert answer.kind == kind
    assert answer.records == names


def test_only_what_is_needed_is_asked(dns):
    ask([dns], "ptr 192.0.2.1", "ptr 192.0.2.5", "ptr 2001:db8::1")
    assert [(q.name.lower(), q.type) for q in dns.questions()] == [
        ("1.2.0.192.in-addr.arpa", "PTR"), ("right.test", "A"),
        ("5.2.0.192.in-addr.arpa", "PTR"), ("a.test", "A"), ("b.test", "A"),
        ("c.test", "A"), (SIX, "PTR"), ("four.test", "AAAA")]


def test_cached_and_shared(tmp_path):
    """No further question for what is known, is not, or is under way."""
    with Dns(tmp_path, RECORDS, (*TRICKS, "1.2.0.192.in-addr.arpa delay 200",
                                 "right.test delay 200")) as dns:
        ask([dns], "ptr 192.0.2.1", "ptr 192.0.2.1", "ptr 192.0.2.99",
            "ptr 192.0.2.99", "ptr 192.0.2.2", "ptr 192.0.2.2", n=100)
        assert len(dns.questions()) == 5


def test_silence_of_reverse_zones(tmp_path):
    """It is trouble after three tries; the resolver is not blamed for it."""
    with Dns(tmp_path, (), ("*.in-addr.arpa timeout",)) as dns:
        answers = ask([dns], "ptr 10.0.0.#", n=256)
        assert len(dns.questions()) == 3 * 256
    assert {a.kind for a in answers.values()} == {"trouble"}
    assert "resolver-silent" not in answers["10.0.0.1"].log


def test_thousands_of_names(tmp_path):
    """By TCP, and three of them are tried."""
    names = ptr(1, *(f"h{n}.test" for n in range(1500)))
    with Dns(tmp_path, (*names, "h2.test A 192.0.2.1",
                        *(f"h2.test A 192.1.{n // 200}.{n % 200}"
                          for n in range(1000)))) as dns:
        answer = ask_one([dns], "ptr 192.0.2.1")
        asked = dns.questions()
    assert answer.records == ["h2.test"]
    assert [q.type for q in asked if q.proto == "tcp"] == ["PTR", "A"]


def test_strangers_do_not_crowd_out_mail(dns):
    """What is known of clients takes no place of what mail needs."""
    ask([dns], "ptr 192.0.2.1", "ptr 192.0.2.1", "host right.test")
    asked = [(q.name.lower(), q.type) for q in dns.questions()]
    assert asked.count(("1.2.0.192.in-addr.arpa", "PTR")) == 1
    assert asked.count(("right.test", "A")) == 2


def test_a_worker_may_ask_for_nothing_else(dns):
    """Its channel ends, and posternd hears of it."""
    tool, *words = argv([dns], ["mx a.test"])
    done = subprocess.run([tool, "-m", *words], capture_output=True,
                          text=True, check=False, timeout=60)
    assert "peer-broken kind=1 " in done.stderr and done.returncode != 0
    assert dns.questions() == []
