# SPDX-License-Identifier: ISC
# tests/system/test_resolve_chain.py - mail finds its way by MX.
"""The whole suite with postern-resolve in it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Client, Dns, Postern, Sink, check  # noqa: E402


def test_mail_goes_by_mx(tmp_path):
    records = ("a.example MX 20 second.a.example",
               "a.example MX 10 first.a.example",
               "first.a.example A 127.0.0.9",
               "second.a.example A 127.0.0.1",
               "b.example CNAME www.b.example",
               "www.b.example A 127.0.0.1")
    with Sink(tmp_path) as sink, Dns(tmp_path, records) as dns, \
            Postern(tmp_path, f"{dns.setting()}\n"
                    f"route any to mx port {sink.port}\n"
                    "mx addresses allow 127.0.0.0/8\n") as postern:
        # nobody listens at the first exchanger of a.example
        clients = [Client(postern, messages=5, domain=domain)
                   for domain in ("a.example", "b.example")]
        for client in clients:
            assert client.run().acknowledged == 5
        sink.wait(10)
        asked = {(q.name.lower(), q.type) for q in dns.questions()}
    assert check([c.log for c in clients], [sink.log]).ok
    assert ("a.example", "MX") in asked
    assert ("b.example", "AAAA") in asked


def test_trouble_defers(tmp_path):
    with Sink(tmp_path) as sink, \
            Dns(tmp_path, (), ("a.example servfail",)) as dns, \
            Postern(tmp_path, f"{dns.setting()}\n"
                    f"route any to mx port {sink.port}\n") as postern:
        client = Client(postern, messages=1, domain="a.example")
        assert client.run().acknowledged == 1
        assert "SERVFAIL" in postern.wait_event("deferred")[0]
        assert sink.lines() == 0
