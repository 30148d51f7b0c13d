# SPDX-License-Identifier: ISC
"""tests/bench/cases.py - the loads that are measured, each under a key by
which table.py finds its figures."""

import dataclasses

SMALL = 4096
KIB64 = 64 * 1024
MIB10 = 10 * 1024 * 1024
# Both limits are below 10 MiB as they come.
LARGE = {"postfix": {"message_size_limit": str(50 * 1024 * 1024)}}


@dataclasses.dataclass
class Case:
    """Messages of so many bytes, over so many sessions at once."""

    key: str
    title: str
    sessions: int = 1
    bytes: int = SMALL
    share: float = 1.0  # of --messages
    rcpts: int = 1      # of each message, in so many domains
    domains: int = 1
    repeats: int = 1    # that many loads, their median
    mx: bool = False    # the next server is found by DNS, not fixed
    tls: bool = False   # it offers STARTTLS
    idle: bool = False  # single messages with pauses between
    settings: dict = dataclasses.field(default_factory=dict)  # by side

    def messages(self, whole):
        return max(1, int(whole * self.share))

    def warm(self, whole):
        return 1 if self.rcpts > 1 else min(
            max(4 * self.sessions, int(whole * self.share) // 20),
            self.messages(whole))


def list_case(key, domains):
    return Case(key, f"1,000 recipients in {domains:,} domain(s)",
                share=0, rcpts=1000, domains=domains, repeats=3, mx=True)


CASES = (
    Case("1", "1 session"),
    Case("10", "10 sessions", 10),
    Case("50", "50 sessions", 50),
    Case("idle", "single messages", idle=True),
    Case("reused", "50 sessions, connections used again", 50,
         settings={"postfix": {"smtp_connection_cache_on_demand": "yes"}}),
    Case("each", "50 sessions, a connection each", 50,
         settings={"postern": {"limit connection messages": "1"}}),
    Case("tls", "10 sessions, sent with TLS", 10, share=0.5, tls=True),
    Case("64k", "10 sessions, 64 KiB", 10, KIB64, share=0.25),
    Case("10m", "4 sessions, 10 MiB", 4, MIB10, share=0.01, settings=LARGE),
    list_case("one", 1),
    list_case("many", 1000),
)
