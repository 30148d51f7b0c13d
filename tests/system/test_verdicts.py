# SPDX-License-Identifier: ISC
# tests/system/test_verdicts.py - what comes of mail for servers of each kind,
# under each policy and each kind of TLSA records.
#
# The servers are our own in Python, OpenSSL's s_server and Postfix; a row is
# what they do, and by whom it is done.  Debian 12's OpenSSL still speaks
# TLS 1.0, at security level 0: the rows "old" do, and say so themselves.
"""The one table of TLS verdicts: each server, each policy, DANE."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "lib"))
sys.path.insert(0, str(HERE.parents[1] / "peers"))
import peers  # noqa: E402
import verdicts as v  # noqa: E402
from harness import Postern  # noqa: E402
from siege import full  # noqa: E402
from verdicts import CLEAR, DANE, LATER, NAME, TLS  # noqa: E402

# column: zone, policy, TLSA records
COLUMNS = {
    "none": ("plain", "none", ""),
    "opportunistic": ("plain", "opportunistic", ""),
    "required": ("plain", "required", ""),
    "verify": ("plain", "verify", ""),
    # RFC 7672: the server's own key; another's; its authority; none that
    # counts; changed on their way; with signatures of last winter
    "own": ("good", "", "own"),
    "other": ("good", "", "other"),
    "issuer": ("good", "", "issuer"),
    "useless": ("good", "", "useless"),
    "bogus": ("bent", "", "spoilt"),
    "stale": ("stale", "", "own"),
    # records count where the route asks for TLS, and not where it forbids it
    # or asks for a name
    "must": ("good", "required", "other"),
    "never": ("good", "none", "other"),
    "named": ("good", "verify", "other"),
}

# The verdicts behind the words of the table: as it is carried and verified,
# or with which words it waits.
SPOILT = "no TLS: handshake failed: "
WORDS = {
    "clear": CLEAR, "tls": TLS, "name": NAME, "dane": DANE,
    "NAME": (LATER, SPOILT + "name `"),
    "OLD": (LATER, SPOILT + "certificate verification failed: certificate "
            "has expired"),
    "HOST": (LATER, SPOILT + "hostname mismatch"),
    "PAST": (LATER, SPOILT + "certificate has expired"),
    "SELF": (LATER, SPOILT + "certificate verification failed: self-signed"),
    "NOBODY": (LATER, SPOILT + "no TLSA record matches its certificate"),
    "SPOILT": (LATER, SPOILT),
    "UNSAID": (LATER, "no TLS: the server does not offer it"),
    "REFUSED": (LATER, "no TLS: the server answered STARTTLS with 454 "),
    "SLOW": (LATER, "no TLS: the handshake took too long"),
    "BEHIND": (LATER, "bytes behind the reply to STARTTLS"),
    "BOGUS": (LATER, "SERVFAIL, bogus (DNSSEC): "),
    "STALE": (LATER, "SERVFAIL, bogus (DNSSEC): signature expired"),
}

# What the server does, and who does it; what comes of that by column.
TABLE = """
                            none  opportunistic required verify | own other issuer useless bogus stale | must never named
right     ours openssl postfix: clear tls    tls     name    | dane    NOBODY  dane    tls     BOGUS STALE | NOBODY  clear name
name      ours openssl postfix: clear tls    tls     NAME    | dane    NOBODY  HOST    tls     BOGUS STALE | NOBODY  clear NAME
expired   ours openssl postfix: clear tls    tls     OLD     | dane    NOBODY  PAST    tls     BOGUS STALE | NOBODY  clear OLD
stranger  ours openssl postfix: clear tls    tls     SELF    | dane    NOBODY  NOBODY  tls     BOGUS STALE | NOBODY  clear SELF
old       ours openssl postfix: clear clear  SPOILT  SPOILT  | SPOILT  SPOILT  SPOILT  SPOILT  BOGUS STALE | SPOILT  clear SPOILT
none      ours postfix        : clear clear  UNSAID  UNSAID  | UNSAID  UNSAID  UNSAID  UNSAID  BOGUS STALE | UNSAID  clear UNSAID
refused   ours postfix        : clear clear  REFUSED REFUSED | REFUSED REFUSED REFUSED REFUSED BOGUS STALE | REFUSED clear REFUSED
hangs     ours openssl postfix: clear SLOW   SLOW    SLOW    | SLOW    SLOW    SLOW    SLOW    BOGUS STALE | SLOW    clear SLOW
injected  ours openssl postfix: clear BEHIND BEHIND  BEHIND  | BEHIND  BEHIND  BEHIND  BEHIND  BOGUS STALE | BEHIND  clear BEHIND
behind    ours                : clear clear  SPOILT  SPOILT  | SPOILT  SPOILT  SPOILT  SPOILT  BOGUS STALE | SPOILT  clear SPOILT
nonsense  ours                : clear clear  SPOILT  SPOILT  | SPOILT  SPOILT  SPOILT  SPOILT  BOGUS STALE | SPOILT  clear SPOILT
"""
ENGINES = {"ours": "python", "openssl": "s_server", "postfix": None}


# what the others are asked in a quick run too
OFTEN = ("opportunistic", "verify", "own", "issuer", "useless", "bogus")


def cells():
    """(peer, way, column, verdict) of each."""
    head, *lines = TABLE.replace("|", " ").strip().splitlines()
    assert head.split() == list(COLUMNS)
    for line in lines:
        who, _, found = line.partition(":")
        way, *by = who.split()
        for column, word in zip(COLUMNS, found.split(), strict=True):
            for peer in by:
                if full(True, peer == "ours" or column in OFTEN):
                    yield peer, way, column, WORDS[word]


class Matrix(v.Table):
    """A server for each peer and way; a domain, and an address, for each
    column of it."""

    def make(self):
        self.make_certificates()
        if peers.have_root():
            self.servers["postfix", ""] = v.Postfix(self.folder / "postfix", {
                way: self.files_of(way)
                for peer, way, _, _ in cells() if peer == "postfix"})
        for peer, way, column, want in cells():
            if peer != "postfix" or peers.have_root():
                self.cell(peer, way, column, want)

    def make_certificates(self):
        f = self.folder
        names = ",".join(f"DNS:*.mx.{zone}" for zone in self.zones)
        self.ca = v.certificate(f, "ca", "DNS:ca")
        self.other = v.certificate(f, "other", names)
        self.files = {
            "right": v.issued(f, "right", names, self.ca),
            "name": v.issued(f, "name", "DNS:other.example", self.ca),
            "expired": v.expired(f, "expired", names, self.ca),
            "stranger": v.certificate(f, "stranger", names)}

    def files_of(self, way):
        return self.files.get(way, self.files["right"])

    def server(self, peer, way):
        if (peer, way) not in self.servers:
            self.servers[peer, way] = \
                self.servers["postfix", ""].serve(way) if peer == "postfix" else \
                v.Server(self.files_of(way), way, addr="0.0.0.0",
                         engine=ENGINES[peer])
        return self.servers[peer, way]

    def cell(self, peer, way, column, want):
        zone, policy, kind = COLUMNS[column]
        files = self.files_of(way)
        server = self.server(peer, way)
        right = v.record(3, 1, 1, files)
        records = {"": [], "own": [right],
                   "other": [v.record(3, 1, 1, self.other)],
                   "issuer": [v.record(2, 0, 1, self.ca)],
                   "useless": v.unusable(files),
                   "spoilt": [v.record(3, 1, 1, files, spoil=True)]}[kind]
        self.add(f"{peer}-{way}-{column}", server, records, want, zone=zone,
                 tls=policy, address="127.1."
                 f"{list(COLUMNS).index(column)}.{len(self.servers)}")
        if kind == "spoilt":  # whoever believes them delivers
            self.tampered[zone].add((records[0].split()[3],
                                     right.split()[3]))


@pytest.fixture(name="matrix", scope="module")
def one_matrix(tmp_path_factory):
    matrix = Matrix(tmp_path_factory.mktemp("verdicts"))
    yield matrix
    matrix.close()


@pytest.fixture(name="lab", scope="module")
def one_lab(matrix):
    with matrix.lab() as lab:
        yield lab


@pytest.mark.parametrize("peer", [
    pytest.param(peer, marks=pytest.mark.skipif(
        peer == "postfix" and not peers.have_root(), reason="skipped: root"))
    for peer in ENGINES])
def test_verdicts(matrix, lab, tmp_path, peer):
    rows = [d for d in matrix.rows if d.startswith(f"{peer}-")]
    conf = matrix.conf(lab, f'tls ca "{matrix.ca[0]}"\n')
    with Postern(tmp_path, conf) as postern:
        postern.wait_event("resolver-validates")
        assert matrix.run(postern, rows) == {}


def test_the_old_could(matrix):
    """Their handshakes fail because we say no."""
    for (peer, way), server in list(matrix.servers.items()):
        if way == "old":
            assert v.speaks_tls1(server.port), peer
