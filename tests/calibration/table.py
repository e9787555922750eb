"""Prints what calibrate-links.sh measured as a Markdown table; into a file's calibration markers too, if one is named."""

import json
import os
import pathlib
import re
import subprocess
import sys

BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"
LATE = 100  # Milliseconds: five round trips of the loss rows, half the least retransmission timeout.


def milliseconds(row, *keys):
    return " / ".join(f"{row[key]:.1f}" for key in keys)


def rate(row):
    return f"{row['bitPerSecond'] / 1e3:.1f} kbit/s" if row["bitPerSecond"] < 1e6 else f"{row['bitPerSecond'] / 1e6:.2f} Mbit/s"


def delays(row):
    return milliseconds(row, "median", "p90", "p99") + " ms"


def middle(row):
    return f"{row['median']:.1f} ms"


def losses(row):
    late = sum(value > LATE for value in row["values"]) / row["count"]
    broken = f", {row['broken']} connections broke" if row["broken"] else ""
    return f"{100 * late:.1f} % late; mean {row['mean']:.1f}; {milliseconds(row, 'median', 'p90', 'p99', 'max')} ms; n = {row['count']}{broken}"


ROWS = [
    ("none", "nothing: round trip, median / p90 / p99", "0", delays),
    ("rate-64k", "bandwidth: payload received", "64 kbit/s", rate),
    ("rate-1m", "", "1 Mbit/s", rate),
    ("rate-10m", "", "10 Mbit/s", rate),
    ("rate-100m", "", "100 Mbit/s", rate),
    ("delay-10", "delay: round trip, median / p90 / p99", "2 x 10 ms", delays),
    ("delay-50", "", "2 x 50 ms", delays),
    ("delay-150", "", "2 x 150 ms", delays),
    ("connect-50", "connect() to the first answer, median", "2 x 50 ms", middle),
    ("fetch-50", "1 MiB on a young connection, median", "2 x 50 ms", middle),
    ("loss-1", "loss: requests over 100 ms; mean; median / p90 / p99 / longest", "2 x 10 ms, 1 %", losses),
    ("loss-5", "", "2 x 10 ms, 5 %", losses),
    ("loss-20", "", "2 x 10 ms, 20 %", losses),
    ("bulk-loss-1", "bulk under loss: payload received", "10 Mbit/s, 2 x 10 ms, 1 %", rate),
]


def cell(folder, name, show):
    row = json.loads((folder / f"{name}.json").read_text() or "{}")
    return show(row) if row else "failed"


def main(folder, target):
    folder = pathlib.Path(folder)
    lines = ["| what | asked, each way | kernel | dcc link |", "|---|---|---|---|"]
    lines += [f"| {what} | {asked} | {cell(folder, name + '.kernel', show)} | {cell(folder, name + '.proxy', show)} |" for name, what, asked, show in ROWS]
    date = subprocess.run(["date", "+%Y-%m-%d"], capture_output=True, text=True, check=True).stdout.strip()
    load = os.getloadavg()[1]
    lines += ["", f"`tests/calibration/calibrate-links.sh`, {date}, Linux {os.uname().release}, {os.cpu_count()} cores, load {load:.1f}."]
    table = "\n".join(lines)
    print(table)
    if target:
        text = pathlib.Path(target).read_text()
        block = f"{BEGIN}\n{table}\n{END}"
        pathlib.Path(target).write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: block, text, flags=re.DOTALL))


if __name__ == "__main__":
    main(*sys.argv[1:])
