# SPDX-License-Identifier: ISC
"""tests/peers/lab.py - a small DNS of its own, signed, behind a validating
resolver: nsd and unbound with a root zone and trust anchor of the tests.

    with Lab(path, {"good": "@ MX 10 mx\nmx A 127.0.0.1"},
             unsigned={"plain": "..."}, expired={"old": "..."},
             tampered={"good": [("tlsa-as-signed", "as-served")]}) as lab:
        ... lab.resolver.port ...

A zone's DS stands in the root, but for the unsigned ones.  What is tampered
with is changed in the text of the zone after it was signed.  Of a stale zone
the signatures of TLSA records are too old, and no others.  With ede=True the
resolver says what is bogus and why (RFC 8914).  lame: unsigned zones, and the
port of the server of each.
"""

import os
import re
import subprocess

import peers


class Signer:
    """ldns-keygen and ldns-signzone, below one directory."""

    def __init__(self, directory):
        self.directory = str(directory)
        self.root = peers.root_of("ldnsutils")

    def run(self, tool, *words):
        env = dict(os.environ, LD_LIBRARY_PATH=peers.library_path(self.root))
        return subprocess.run(
            [f"{self.root}/usr/bin/{tool}", *words], cwd=self.directory,
            env=env, check=True, capture_output=True, text=True).stdout

    def key(self, zone):
        """Its base name; NAME.ds and NAME.key are beside it."""
        return self.run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k",
                        zone).strip()

    def ds(self, key):
        with open(f"{self.directory}/{key}.ds") as f:
            return f.read().strip()

    def sign(self, zone, text, key, expired=False):
        """The text of the signed zone."""
        name = f"{self.directory}/zone.in"
        with open(name, "w") as f:
            f.write(text)
        dates = ["-i", "20260101", "-e", "20260201"] if expired else []
        self.run("ldns-signzone", *dates, "-o", zone, "-f", name + ".out",
                 name, key)
        with open(name + ".out") as f:
            return f.read()


def whole(zone, text):
    """With SOA, NS and the server's address."""
    dot = "" if zone == "." else "."
    ns = "ns." if zone == "." else f"ns.{zone}."
    return (f"$ORIGIN {zone}{dot}\n$TTL 60\n"
            f"@ SOA {ns} hostmaster.{ns} 1 60 60 60 60\n"
            f"@ NS {ns}\n{ns} A 127.0.0.1\n{text}\n")


TLSA_SIGNATURE = re.compile(r"^.*\sRRSIG\s+TLSA\s.*\n", re.M)


def with_old_tlsa(text, old):
    """The zone with the old signatures of its TLSA records."""
    return TLSA_SIGNATURE.sub("", text) + "".join(TLSA_SIGNATURE.findall(old))


class Zones(peers.Nsd):
    """nsd with zones that are whole already."""

    def write_zone(self, zone, text):
        name = "root" if zone == "." else zone
        with open(f"{self.directory}/{name}.zone", "w") as f:
            f.write(text)

    def zone_file(self, zone):
        return "root.zone" if zone == "." else f"{zone}.zone"


class Validating(peers.Unbound):
    """unbound that begins at the lab's root and believes its key alone; ports
    of the servers of zones."""

    def __init__(self, directory, ports, anchor, ede, **more):
        super().__init__(directory, list(ports), ports["."], **more)
        self.ports, self.anchor, self.ede = ports, anchor, ede

    def settings(self):
        zones = "".join(f'''stub-zone:
	name: "{zone.rstrip('.')}."
	stub-addr: 127.0.0.1@{port}
''' for zone, port in self.ports.items())
        return f'''	module-config: "validator iterator"
	trust-anchor: "{self.anchor}"
	qname-minimisation: no
	ede: {"yes" if self.ede else "no"}
	val-log-level: 2
remote-control:
	control-enable: no
{zones}'''


class Lab:
    def __init__(self, directory, signed, unsigned=None, expired=None,
                 tampered=None, resolver_port=None, stale=None,
                 ede=False, lame=None):
        self.directory = str(directory)
        self.signed, self.expired = dict(signed), dict(expired or {})
        self.unsigned, self.tampered = dict(unsigned or {}), tampered or {}
        self.stale, self.ede = dict(stale or {}), ede
        self.lame = dict(lame or {})
        self.resolver_port = resolver_port
        os.makedirs(self.directory, exist_ok=True)

    def texts(self, signer):
        """Every zone as it is served, and the root's DS."""
        texts, cuts = {}, []
        for zone, text in {**self.signed, **self.expired,
                           **self.stale}.items():
            key = signer.key(zone)
            cuts.append(f"{zone}. NS ns.{zone}.\nns.{zone}. A 127.0.0.1\n"
                        + signer.ds(key))
            texts[zone] = signer.sign(zone, whole(zone, text), key,
                                      zone in self.expired)
            if zone in self.stale:
                texts[zone] = with_old_tlsa(texts[zone], signer.sign(
                    zone, whole(zone, text), key, True))
            for old, new in self.tampered.get(zone, ()):
                assert old in texts[zone], (zone, old)
                texts[zone] = texts[zone].replace(old, new)
        for zone, text in self.unsigned.items():
            cuts.append(f"{zone}. NS ns.{zone}.\nns.{zone}. A 127.0.0.1")
            texts[zone] = whole(zone, text)
        cuts += [f"{zone}. NS ns.{zone}.\nns.{zone}. A 127.0.0.1"
                 for zone in self.lame]
        key = signer.key(".")
        texts["."] = signer.sign(".", whole(".", "\n".join(cuts)), key)
        return texts, signer.ds(key)

    def __enter__(self):
        texts, anchor = self.texts(Signer(self.directory))
        self.server = Zones(self.directory + "/nsd", texts).start()
        try:
            self.resolver = Validating(
                self.directory + "/unbound",
                {**dict.fromkeys(texts, self.server.port), **self.lame},
                " ".join(anchor.split()), self.ede,
                port=self.resolver_port).start()
        except BaseException:
            self.server.stop()
            raise
        return self

    def __exit__(self, *_):
        self.resolver.stop()
        self.server.stop()
