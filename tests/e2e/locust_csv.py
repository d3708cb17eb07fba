"""Reads the four files of `locust --csv PREFIX` as scripts do that were written for Locust 2.12.1, and knows nothing of squall.

usage: locust_csv.py PREFIX        prints as JSON what it read
"""
import csv
import json
import sys
from pathlib import Path

PERCENTILES = ["50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%"]


def table(prefix, name):
    """(header, rows) of one file; every row must have as many cells as the header."""
    text = Path(f"{prefix}_{name}.csv").read_bytes().decode("utf-8")
    rows = list(csv.reader(text.splitlines(keepends=True)))
    assert all(len(row) == len(rows[0]) for row in rows), name
    return rows[0], [dict(zip(rows[0], row)) for row in rows[1:]]


def percentiles(row):
    """Whole milliseconds, None where there were no requests."""
    return {p: None if row[p] == "N/A" else int(row[p]) for p in PERCENTILES}


def entry(row, total=""):
    return {
        "requests": int(row[f"{total}Request Count"]), "failures": int(row[f"{total}Failure Count"]),
        "median": float(row[f"{total}Median Response Time"]), "average": float(row[f"{total}Average Response Time"]),
        "min": float(row[f"{total}Min Response Time"]), "max": float(row[f"{total}Max Response Time"]),
        "size": float(row[f"{total}Average Content Size"]),
        "rps": float(row["Requests/s"]), "failures_per_s": float(row["Failures/s"]), **percentiles(row),
    }


def read(prefix):
    files = {name: table(prefix, name) for name in ("stats", "stats_history", "failures", "exceptions")}
    return {
        "headers": {name: header for name, (header, _) in files.items()},
        "stats": {f"{row['Type']} {row['Name']}": entry(row) for row in files["stats"][1]},
        "history": [{"time": int(row["Timestamp"]), "users": int(row["User Count"]), "name": row["Name"],
                     **entry(row, "Total ")} for row in files["stats_history"][1]],
        "failures": {f"{row['Method']} {row['Name']}": int(row["Occurrences"]) for row in files["failures"][1]},
        "exceptions": len(files["exceptions"][1]),
    }


if __name__ == "__main__":
    json.dump(read(sys.argv[1]), sys.stdout)
