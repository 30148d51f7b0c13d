# SPDX-License-Identifier: ISC
# tests/system/test_rates.py - limit destination NAME messages N per TIME.
#
# What a rate must not let through early can be told by any clock; how soon
# after that it comes depends on the machine, and is not looked at.
"""Rates delay, and do nothing else."""

import smtplib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Dns, Postern, Sink, event_of, wait_for  # noqa: E402

PACE = 0.25  # seconds: 4 per second


def routes(slow, free):
    return (f'route domain slow.example to host "[127.0.0.1]" '
            f"port {slow.port}\n"
            f'route domain free.example to host "[127.0.0.2]" '
            f"port {free.port}\n"
            "mx addresses allow 127.0.0.0/8\n")


def limit(name, rate):
    return f'limit destination "{name}" messages {rate}\n'


def send(postern, n, *domains):
    with smtplib.SMTP(postern.addr, postern.port, timeout=30) as smtp:
        for i in range(n):
            for domain in domains:
                smtp.sendmail(f"a{i}@client.example", [f"b@{domain}"],
                              f"Subject: {i}\r\n\r\nbody\r\n")


def did_nothing_else(postern):
    """All was delivered at its first attempt."""
    words = [event_of(line) for line in postern.log_lines()]
    return not {"deferred", "bounced", "asleep"} & set(words)


def test_what_is_too_much_waits_and_others_do_not(tmp_path):
    with Sink(tmp_path, name="slow") as slow, \
            Sink(tmp_path, name="free", addr="127.0.0.2") as free:
        rate = limit("127.0.0.1", "1 per hour")
        with Postern(tmp_path, rate + routes(slow, free)) as p:
            send(p, 5, "slow.example", "free.example")
            free.wait(5)
            # the first one after a start waits as well
            wait_for(lambda: len(p.queue()) == 5, what="five that wait")
            p.stop()
            p.start()
            send(p, 1, "slow.example", "free.example")
            free.wait(6)
            wait_for(lambda: len(p.queue()) == 6, what="six that wait")
            assert slow.lines() == 0
            p.stop()
            p.write_conf(p.conf.read_text().replace(rate, ""))
            p.start()
            p.wait_empty()
            assert slow.lines() == 6 and did_nothing_else(p)


def test_one_every_so_often(tmp_path):
    with Sink(tmp_path, name="slow") as slow, \
            Sink(tmp_path, name="free", addr="127.0.0.2") as free:
        begun = time.monotonic()
        with Postern(tmp_path, limit("127.0.0.1", "4 per second") +
                     routes(slow, free)) as p:
            send(p, 8, "slow.example")
            p.wait_empty()
            assert time.monotonic() - begun >= 8 * PACE
            assert slow.lines() == 8 and did_nothing_else(p)


def test_recipients_of_a_transaction_count_once(tmp_path):
    with Sink(tmp_path, name="slow") as slow, \
            Sink(tmp_path, name="free", addr="127.0.0.2") as free, \
            Postern(tmp_path, limit("127.0.0.1", "1 per second") +
                    routes(slow, free)) as p:
        with smtplib.SMTP(p.addr, p.port, timeout=30) as smtp:
            smtp.sendmail("a@client.example",
                          [f"b{i}@slow.example" for i in range(60)],
                          "Subject: x\r\n\r\nbody\r\n")
        p.wait_empty()  # within its patience, which is less than a minute
        assert slow.lines() == 60 and did_nothing_else(p)


def test_domains_behind_one_host(tmp_path):
    """The limit is the host's: what it is reached for does not matter."""
    domains = [f"d{i}.example" for i in range(4)]
    records = [f"{domain} MX 10 mx.test" for domain in domains]
    with Dns(tmp_path, records + ["mx.test A 127.0.0.1"]) as dns, \
            Sink(tmp_path) as sink, \
            Postern(tmp_path, limit("mx.test", "4 per second") +
                    f"{dns.setting()}\nroute any to mx port {sink.port}\n"
                    "mx addresses allow 127.0.0.0/8") as p:
        send(p, 1, *domains)  # by which host, nobody knows before
        p.wait_empty()
        begun = time.monotonic()
        send(p, 3, *domains)
        p.wait_empty()
        # the first may be let in at once
        assert time.monotonic() - begun >= 11 * PACE
        assert sink.lines() == 16 and did_nothing_else(p)
