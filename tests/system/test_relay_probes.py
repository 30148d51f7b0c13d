# SPDX-License-Identifier: ISC
# tests/system/test_relay_probes.py - the forms in which relays were found open.
"""A stranger tries every spelling; nothing is taken, nothing comes out."""

import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, Sink  # noqa: E402

# {v}: the victim's domain, {o}: one that we take mail for, {h}: our name
PROBES = """
<victim@{v}>
victim@{v}
<victim@{v}.>
<VICTIM@{v}>
< victim@{v}>
<victim@{v}
<"victim"@{v}>
<"victim@{v}">
"victim@{v}"
<victim%{v}>
<victim%{v}@{o}>
<victim%{v}@{h}>
<victim%{v}@[127.0.0.1]>
<victim%{v}@localhost>
<victim%{v}%{o}@{h}>
<victim%{v}@{h}@{o}>
<"victim%{v}"@{o}>
<"victim%{v}"@{h}>
<"victim@{v}"@{o}>
<"victim@{v}"@{h}>
<"victim@{v}"@[127.0.0.1]>
<"victim\\@{v}"@{o}>
<victim\\@{v}@{o}>
<victim@{v}@{o}>
<victim@{v}@{h}>
<victim@{v}@[127.0.0.1]>
<victim@{v}@>
<victim@@{v}>
<@{o}:victim@{v}>
<@{h}:victim@{v}>
<@[127.0.0.1]:victim@{v}>
<@{h},@{o}:victim@{v}>
<@{o}:victim%{v}@{h}>
<@{o}@{h}:victim@{v}>
<@{o}>victim@{v}
<{v}!victim>
<{v}!victim@{o}>
<{v}!victim@{h}>
<{v}!victim@[127.0.0.1]>
<{h}!{v}!victim>
<"{v}!victim"@{o}>
<{o}!victim@{v}>
<{v}::victim@{h}>
<victim@{v}:25>
<victim@{v};victim@{o}>
<victim@{v},victim@{o}>
<victim@{v}><victim@{o}>
<victim@{o}>,<victim@{v}>
<victim@[198.51.100.7]>
<victim@[IPv6:2001:db8::7]>
<victim@{v} @{o}>
<victim@{v}\t@{o}>
<victim@{v}(@{o})>
<victim(@{v})@{o}>
<victim@{v}#@{o}>
<victim@{v}\0@{o}>
<victim@{o}\0@{v}>
<|cat@{v}>
</dev/null>
<:include:/etc/passwd>
<>
""".strip("\n").split("\n")
SENDERS = ["<spam@client.example>", "<>", "<postmaster@{h}>", "<me@{o}>",
           "<me@localhost>", "<me@[127.0.0.1]>"]
NAMES = {"v": "victim.example", "o": "ours.example", "h": "relay.example"}


def spell(text):
    return text.format(**NAMES).replace("\\t", "\t").replace(
        "\\0", "\0").replace("\\\\", "\\")


def ask(f, line):
    f.write(line.encode() + b"\r\n")
    f.flush()
    return f.readline().decode()


def probe(p, sender, forms):
    """The reply to each form, in sessions of its own each."""
    found = {}
    for form in forms:
        with socket.create_connection((p.addr, p.port), 20) as s, \
                s.makefile("rwb") as f:
            f.readline()
            assert ask(f, "HELO client.example").startswith("250")
            assert ask(f, f"MAIL FROM:{sender}").startswith("250"), sender
            found[form] = ask(f, f"RCPT TO:{form}")
    return found


def test_probes(tmp_path):
    assert len(PROBES) >= 40 and len(set(PROBES)) == len(PROBES)
    forms = [spell(form) for form in PROBES]
    with Sink(tmp_path) as sink, Postern(tmp_path, sink.route()) as p:
        conf = p.conf.read_text().replace(
            "accept from local\n",
            # there are more of them than one stranger may try
            "limit client exempt 127.0.0.0/8\n"
            "accept from any for domain ours.example\n")
        p.reload(conf)
        for sender in SENDERS:
            for form, reply in probe(p, spell(sender), forms).items():
                assert reply[0] == "5", (form, reply)
        # the probes mean something: plain mail to our domain is taken
        reply = probe(p, "<>", ["<user@ours.example>"])
        assert reply["<user@ours.example>"].startswith("250 2.1.5")
        assert not p.queue() and sink.lines() == 0
