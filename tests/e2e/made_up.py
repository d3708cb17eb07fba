"""Results that nobody measured: squall/1 objects of any length and width, for tests of what draws them."""
import base64
import math
import random
import struct
import zlib

HALF = 1024  # buckets of one power of two, at three digits
STEPS_MAX = 600
HEAT_COLUMNS_MAX = 300
HEAT_BUCKETS = 60
TWEETS = [("POST", "/api-token-auth/"), ("GET", "/api/tweets/"), ("GET", "/api/tweets/[id]/"), ("POST", "/api/tweets/")]
QUANTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999, "p99_99": 0.9999}


def leb128(number):
    value = number * 2 if number >= 0 else -number * 2 - 1
    out = bytearray()
    for _ in range(8):
        if value < 128:
            break
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def bucket_of(value_ns):
    shift = max(value_ns.bit_length() - 11, 0)
    return (value_ns >> shift) + shift * HALF


def hist_text(values_us):
    """HdrHistogram's V2 text of some latencies."""
    counts = {}
    for value in values_us:
        bucket = bucket_of(int(value * 1e3))
        counts[bucket] = counts.get(bucket, 0) + 1
    out, next_bucket = b"", 0
    for bucket in sorted(counts):
        if bucket > next_bucket:
            out += leb128(next_bucket - bucket)
        out += leb128(counts[bucket])
        next_bucket = bucket + 1
    plain = struct.pack(">IIIIQQd", 0x1c849313, len(out), 0, 3, 1, 1 << 42, 1.0) + out
    packed = zlib.compress(plain)
    return base64.b64encode(struct.pack(">II", 0x1c849314, len(packed)) + packed).decode()


def latency_of(values):
    values = sorted(values)
    if not values:
        return {key: None for key in ("min", "mean", *QUANTILES, "max")}
    at = {key: values[max(math.ceil(q * len(values)) - 1, 0)] for key, q in QUANTILES.items()}
    return {"min": values[0], "mean": sum(values) / len(values), **at, "max": values[-1]}


def confidence_of(latency, seconds):
    if seconds < 20:
        nothing = {"low_us": None, "high_us": None, "worth": None, "state": "too_short", "lengthen": 20 / max(seconds, 1)}
        return {"level": 0.95, **{key: nothing for key in QUANTILES}}
    return {"level": 0.95, **{
        key: {"low_us": latency[key] * 0.93, "high_us": None if key == "p99_99" else latency[key] * 1.08, "worth": 900.0,
              "state": "held", "lengthen": None} for key in QUANTILES}}


def trend_of(percent_per_min, p50, is_told):
    if not is_told:
        nothing = {"verdict": None, "percent_per_min": None, "low": None, "high": None, "detectable": None, "p_value": None}
        return {"p50": nothing, "p99": nothing,
                "p50_over_writes": {"verdict": None, "us_per_1000_writes": None, "low": None, "high": None}}
    verdict = "drifting" if abs(percent_per_min) > 1 else "stationary"
    slope = {"verdict": verdict, "percent_per_min": percent_per_min, "low": percent_per_min * 0.8 - 0.1,
             "high": percent_per_min * 1.2 + 0.1, "detectable": 2.0, "p_value": 0.001 if verdict == "drifting" else 0.6}
    return {"p50": slope, "p99": {**slope, "verdict": "undecided"},
            "p50_over_writes": {"verdict": verdict, "us_per_1000_writes": p50 * percent_per_min / 20,
                                "low": p50 * percent_per_min / 30, "high": p50 * percent_per_min / 15}}


class Endpoint:
    """Draws latencies of one endpoint, which may grow with time."""

    def __init__(self, rng, method, name, base_us, drift, rate, fail_share):
        self.rng, self.method, self.name, self.base_us = rng, method, name, base_us
        self.drift, self.rate, self.fail_share = drift, rate, fail_share
        self.values, self.failed, self.steps = [], 0, []

    def second(self, t, share):
        count = max(int(self.rate * share * self.rng.uniform(0.85, 1.15) + self.rng.random()), 0)
        level = self.base_us * (1 + self.drift * t / 60 / 100)
        values = [level * self.rng.lognormvariate(0, 0.45) * (8 if self.rng.random() < 0.01 else 1) for _ in range(count)]
        failed = sum(self.rng.random() < self.fail_share for _ in values)
        self.values += values
        self.failed += failed
        self.steps.append((values, failed))
        return values, failed

    def timeline(self):
        """Columns of at most STEPS_MAX steps."""
        width = 1
        while len(self.steps) / width > STEPS_MAX:
            width += 1
        columns = {key: [] for key in ("t_s", "count", "failed", "p50_us", "p95_us", "p99_us")}
        for at in range(0, len(self.steps), width):
            some = self.steps[at:at + width]
            latency = latency_of([v for values, _ in some for v in values])
            columns["t_s"].append(at + len(some))
            columns["count"].append(sum(len(values) for values, _ in some))
            columns["failed"].append(sum(failed for _, failed in some))
            for key in ("p50", "p95", "p99"):
                columns[key + "_us"].append(latency[key])
        return columns


def row_of(values, failed, seconds, drift):
    latency, count = latency_of(values), len(values)
    return {"count": count, "ok": count - failed, "failed": failed, "fail_ratio": failed / count if count else None,
            "rps": count / seconds, "failures_per_s": failed / seconds, "bytes_in": count * 4825, "bytes_out": count * 190,
            "size_avg": 4825.5 if count else None, "latency_us": latency, "latency_ok_us": latency, "service_us": latency,
            "confidence": confidence_of(latency, seconds) if count else {"level": 0.95},
            "trend": trend_of(drift, latency["p50"], seconds >= 20 and count)}


def heat_of(seconds_values):
    """Sparse columns on 60 buckets of equal ratio."""
    every = [v for values in seconds_values for v in values]
    if not every:
        return {"edges_us": [], "t_s": [], "cells": []}
    low, high = min(every), max(every) * 1.001
    ratio = (high / low) ** (1 / HEAT_BUCKETS)
    width = math.ceil(len(seconds_values) / HEAT_COLUMNS_MAX)
    times, cells = [], []
    for at in range(0, len(seconds_values), width):
        some, counts = seconds_values[at:at + width], {}
        for value in (v for values in some for v in values):
            bucket = min(int(math.log(value / low) / math.log(ratio)), HEAT_BUCKETS - 1)
            counts[bucket] = counts.get(bucket, 0) + 1
        times.append(at + len(some))
        cells.append(sorted([bucket, n] for bucket, n in counts.items()))
    return {"edges_us": [low * ratio ** i for i in range(HEAT_BUCKETS + 1)], "t_s": times, "cells": cells}


def names_of(count):
    return (TWEETS + [("GET", f"/api/things/{i}/") for i in range(count)])[:count]


def result(seconds=60, names=None, endpoints=4, users=250, spawn_rate=25, rate=41.0, seed=1, slow=1.0, fail_share=0.004,
           scenario="tweets.yaml", name=None, note=None, state=None):
    """A whole squall/1 object, as if `users` had run for `seconds`."""
    rng = random.Random(seed)
    names = names or names_of(endpoints)
    rows = [Endpoint(rng, method, path, 180.0 * slow * (1 + i % 5), 45.0 if i == 1 else 0.4, rate / len(names),
                     fail_share if i % 2 == 1 else 0) for i, (method, path) in enumerate(names)]
    timeline, all_values = [], []
    for second in range(1, seconds + 1):
        now = min(users, spawn_rate * second)
        drawn = [row.second(second, now / users) for row in rows]
        values = [v for some, _ in drawn for v in some]
        failed = sum(n for _, n in drawn)
        latency = latency_of(values)
        all_values.append(values)
        timeline.append({"t_s": float(second), "users": now, "rps": float(len(values)), "failures_per_s": float(failed),
                         "p50_us": latency["p50"], "p95_us": latency["p95"], "p99_us": latency["p99"],
                         "count": len(values), "failed": failed})
    every = [v for values in all_values for v in values]
    failed = sum(row.failed for row in rows)
    made = {
        "schema": "squall/1", "version": "0.1.0", "command": ["squall", "run", scenario], "scenario": scenario,
        "host": "http://127.0.0.1:8000", "seed": seed, "started_at": "2026-01-01T00:00:00Z", "duration_s": float(seconds),
        "name": name, "note": note,
        "load": {"kind": "users", "users": users, "users_peak": users, "spawn_rate": spawn_rate, "connections": users,
                 "rate": None, "threads": 2, "cpus": [0, 1], "pipeline": 1,
                 "gather_us": None},
        "total": row_of(every, failed, seconds, 12.0),
        "requests": [{"method": row.method, "name": row.name, **row_of(row.values, row.failed, seconds, row.drift),
                      "timeline": row.timeline(),
                      "histogram": {"latency": hist_text(row.values), "service": hist_text(row.values)}} for row in rows],
        "failures": [{"method": row.method, "name": row.name, "class": "http_error", "message": "status 503",
                      "count": row.failed} for row in rows if row.failed],
        "status_codes": {"200": len(every) - failed, "503": failed} if failed else {"200": len(every)},
        "timeline": timeline, "heat": heat_of(all_values),
        "accounting": {"scheduled": len(every), "ok": len(every) - failed, "failed": failed, "dropped": 0,
                       "in_flight_at_end": 0, "not_sent": 0, "balanced": True},
        "connections": {"opened": users, "reused": max(len(every) - users, 0), "closed": {"run_ended": users}},
        "generator": {"verdict": "ok", "reasons": [], "cpu": [0.0047, 0.0039],
                      "lateness_us": {"p50": 26.9, "p99": 170.8, "max": 3704.6},
                      "bottleneck": "think time: users waited for answers only 0.05 % of their time; more users would send "
                                    "more requests"},
        "expectations": [{"expr": "p99<50ms", "value_us": 4004.1, "holds": True, "value": None}],
        "interrupted": False, "failures_not_listed": 0, "counters": {"scheduled": len(every)}}
    if state:
        made["state"] = state
    return made


def until(whole, t_s):
    """The first seconds of a result, as a live one: the numbers of the whole run, the points up to t_s."""
    points = [point for point in whole["timeline"] if point["t_s"] <= t_s]
    return {**since({**whole, "timeline": points}, -1, t_s), "heat": whole["heat"], "duration_s": t_s}


def since(whole, begin_s, end_s):
    """A result with the points after begin_s, up to end_s, without its heat and histograms."""
    rows = []
    for row in whole["requests"]:
        chosen = [i for i, t in enumerate(row["timeline"]["t_s"]) if begin_s < t <= end_s]
        rows.append({**{key: value for key, value in row.items() if key != "histogram"},
                     "timeline": {key: [values[i] for i in chosen] for key, values in row["timeline"].items()}})
    return {**{key: value for key, value in whole.items() if key != "heat"}, "requests": rows,
            "timeline": [point for point in whole["timeline"] if begin_s < point["t_s"] <= end_s], "state": "running",
            "duration_s": end_s}
