# SPDX-License-Identifier: ISC
"""tests/bench/table.py - the report as aligned text."""

import statistics

# (key of a case, path in a result, title, goal).  A goal with an x is one for the
# ratio, postern's figure through Postfix's; without it, for the figure.
ROWS = (
    ("50", "relayed_per_s", "relayed/s, 50 sessions", "2-3 x"),
    ("10", "relayed_per_s", "relayed/s, 10 sessions", ""),
    ("1", "relayed_per_s", "relayed/s, 1 session", ">= 1 x"),
    ("50", "accepted_per_s", "accepted/s, 50 sessions", ""),
    ("10", "accepted_per_s", "accepted/s, 10 sessions", ""),
    ("1", "accepted_per_s", "accepted/s, 1 session", ""),
    ("50", "cpu_ms_per_message", "CPU ms/message, 50 sessions", "<= 0.25 x"),
    ("10", "cpu_ms_per_message", "CPU ms/message, 10 sessions", "<= 0.25 x"),
    ("1", "cpu_ms_per_message", "CPU ms/message, 1 session", "<= 0.25 x"),
    ("50", "flushes_per_message", "flushes/message, 50 sessions", "<= 1.2"),
    ("10", "flushes_per_message", "flushes/message, 10 sessions", ""),
    ("1", "flushes_per_message", "flushes/message, 1 session", ""),
    ("50", "memory_mib", "memory MiB (PSS), 50 sessions", ""),
    ("1", "memory_mib", "memory MiB (PSS), 1 session", ""),
    ("50", "processes", "processes, 50 sessions", ""),
    ("idle", "dot_to_250_ms.p50", "idle: dot to 250, ms p50", "<= 1.5 x"),
    ("idle", "dot_to_250_ms.p95", "idle: dot to 250, ms p95", ""),
    ("idle", "dot_to_sink_ms.p50", "idle: dot to sink, ms p50", "<= 1.5 x"),
    ("idle", "dot_to_sink_ms.p95", "idle: dot to sink, ms p95", ""),
    ("1", "dot_to_250_ms.p50", "1 session: dot to 250, ms p50", ""),
    ("50", "dot_to_250_ms.p50", "50 sessions: dot to 250, ms p50", ""),
    ("50", "dot_to_250_ms.p95", "50 sessions: dot to 250, ms p95", ""),
    ("50", "dial_to_sink_ms.p50", "50 sessions: dial to sink, ms p50", ""),
    ("50", "dial_to_sink_ms.p95", "50 sessions: dial to sink, ms p95", ""),
    ("50", "duplicates", "duplicates, 50 sessions", "0"),
    ("reused", "relayed_per_s", "connections used again: relayed/s", ""),
    ("reused", "cpu_ms_per_message", "... CPU ms/message", ""),
    ("each", "relayed_per_s", "a connection each: relayed/s", ""),
    ("each", "cpu_ms_per_message", "... CPU ms/message", ""),
    ("tls", "relayed_per_s", "sent with TLS, 10 sessions: relayed/s", ""),
    ("tls", "cpu_ms_per_message", "... CPU ms/message", ""),
    ("64k", "relayed_per_s", "64 KiB, 10 sessions: relayed/s", ""),
    ("64k", "cpu_ms_per_message", "... CPU ms/message", ""),
    ("10m", "relayed_per_s", "10 MiB, 4 sessions: relayed/s", ""),
    ("10m", "cpu_ms_per_message", "... CPU ms/message", ""),
    ("10m", "memory_mib", "... memory MiB (PSS)", ""),
    ("one", "dial_to_sink_ms.p50", "1,000 rcpts, 1 domain: to the sink, ms",
     ""),
    ("one", "cpu_ms_per_message", "... CPU ms/message", ""),
    ("many", "dial_to_sink_ms.p50", "1,000 rcpts, 1,000 domains: ..., ms",
     ""),
    ("many", "cpu_ms_per_message", "... CPU ms/message", ""),
)


def value_of(cells, sessions, path):
    value = cells.get(sessions)
    for name in path.split("."):
        if value is None:
            return None
        value = value.get(name)
    return value


def number(value):
    if value is None:
        return "-"
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}"


def ratio(a, b):
    return f"{a / b:.2f} x" if a is not None and b else ""


def spread_of(rounds, sessions, path):
    """The range over the rounds, as a share of the median."""
    values = [value_of({sessions: r}, sessions, path)
              for r in rounds.get(sessions, ())]
    values = [v for v in values if v is not None]
    middle = statistics.median(values) if values else 0
    if len(values) < 2 or not middle:
        return ""
    return f"{(max(values) - min(values)) / middle * 100:.0f} %"


def lines_of(report):
    names = list(report["median"])
    both = "postfix" in names and "postern" in names
    head = [""]
    for name in names:
        head += [name, "spread"]
    yield head + (["ratio", "goal"] if both else [])
    for sessions, path, title, goal in ROWS:
        row = [title]
        for name in names:
            row += [number(value_of(report["median"][name], sessions, path)),
                    spread_of(report["rounds"][name], sessions, path)]
        if all(word == "-" for word in row[1::2]):
            continue
        if both:
            cells = report["median"]
            row += [ratio(value_of(cells["postern"], sessions, path),
                          value_of(cells["postfix"], sessions, path)), goal]
        yield row


def text(report):
    rows = list(lines_of(report))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    out = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [word.rjust(width) for word, width in
                  zip(row[1:], widths[1:])]
        out.append("  ".join(cells).rstrip())
    facts = report["load"]
    machine = report["machine"]
    out.append("")
    out.append(f"{facts['messages']} messages of {facts['bytes']} bytes, one "
               "recipient, a connection each, unless said; medians of "
               f"{facts['rounds']} round(s), spread: range over the rounds")
    out.append(f"spools: {report['spool']}; {machine['processors']} "
               f"processors, {machine['model']}, Linux {machine['kernel']}")
    out.append("processor time and processes of a side: from "
               f"{report['processor time from']}")
    return "\n".join(out)
