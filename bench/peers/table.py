"""Rows of figures as text while they come, and as Markdown at the end."""
from cases import CASES

HEAD = (f"{'':<20} {'':<7} {'':<18} {'requests per CPU s':>19}   {'ratio':<21} {'CPU us: user + system':>27} "
        f"{'requests/s':>17} {'MiB':>11}  {'server':>6}\n"
        f"{'case':<20} {'server':<7} {'peer':<18} {'squall':>9} {'peer':>9}   {'':<21} {'squall':>13} {'peer':>13} "
        f"{'squall':>8} {'peer':>8} {'squall':>5} {'peer':>5}  {'busy':>6}")


def ratio_of(row):
    return f"{row['ratio']:.2f} [{row['ratio_min']:.2f}, {row['ratio_max']:.2f}]"


def split_of(row, side):
    return f"{row[side + '_user_us']:.2f} + {row[side + '_system_us']:.2f}"


def text_row(row):
    start = f"{row['case']:<20} {row['server']:<7} {row['peer']:<18} "
    if "squall_bytes" in row:
        return start + (f"bytes of an idle connection: squall {row['squall_bytes']:.0f}, peer {row['peer_bytes']:.0f}; "
                        f"of the kernel {row['squall_kernel_bytes']:.0f}, {row['peer_kernel_bytes']:.0f}")
    return start + (
        f"{row['squall_per_cpu_s']:>9.0f} {row['peer_per_cpu_s']:>9.0f}   {ratio_of(row):<21} "
        f"{split_of(row, 'squall'):>13} {split_of(row, 'peer'):>13} {row['squall_rps']:>8.0f} {row['peer_rps']:>8.0f} "
        f"{row['squall_mib']:>5.1f} {row['peer_mib']:>5.1f}  {row['server_share']:>6.0%}")


def line(*cells):
    return "| " + " | ".join(cells) + " |"


def thousands(number):
    return f"{number:,.0f}"


def speed_table(rows):
    yield line("work", "server", "against", "ratio [min, max]", "CPU µs per request, squall",
               "against", "requests/s, squall", "against", "MiB, squall", "against")
    yield line("---", "---", "---", "---:", "---:", "---:", "---:", "---:", "---:", "---:")
    last = None
    for row in rows:
        text = CASES[row["case"]].text
        yield line(text if text != last else "", row["server"], row["peer"].replace("squall-", "squall "),
                   ratio_of(row), split_of(row, "squall"), split_of(row, "peer"), thousands(row["squall_rps"]),
                   thousands(row["peer_rps"]), f"{row['squall_mib']:.1f}", f"{row['peer_mib']:.1f}")
        last = text


def memory_table(rows):
    yield line(CASES[rows[0]["case"]].text, "process, KiB", "kernel, both ends, KiB")
    yield line("---", "---:", "---:")
    first = rows[0]
    yield line("squall", f"{first['squall_bytes'] / 1024:.2f}", f"{first['squall_kernel_bytes'] / 1024:.1f}")
    for row in rows:
        yield line(row["peer"], f"{row['peer_bytes'] / 1024:.2f}", f"{row['peer_kernel_bytes'] / 1024:.1f}")


def joined(names):
    return ", ".join(dict.fromkeys(name for name in names if name))


def footing(rows):
    """Machine, versions and date, for all rows together."""
    def named(name, version):
        return f"{name} {version}" if version else name
    peers = joined(named(r["peer"], r["peer_version"]) for r in rows
                   if not r["peer"].startswith(("squall-", "without-")) and r["peer"] != "limit")
    servers = joined(named(r["server"], r["server_version"]) for r in rows)
    machines = joined(f"{r['cpus']} CPUs of {r['cpu']}, Linux {r['kernel']}" for r in rows)
    pairs = sorted({r["pairs"] for r in rows})
    yield (f"{joined(r['date'] for r in rows)}, {machines}; generator on one CPU, server on another, over loopback. "
           f"squall {joined(r['squall_version'] for r in rows)}; {peers}; servers: {servers}. "
           f"Median of {' to '.join(str(n) for n in dict.fromkeys((pairs[0], pairs[-1])))} pairs; the ratio is that of "
           "requests per CPU second of the generator, CPU is user + system, MiB the most that was resident.")


def markdown(rows):
    speed = [row for row in rows if "ratio" in row]
    memory = [row for row in rows if "squall_bytes" in row]
    parts = []
    if speed:
        parts.append("\n".join(speed_table(speed)))
    for case in dict.fromkeys(row["case"] for row in memory):
        parts.append("\n".join(memory_table([row for row in memory if row["case"] == case])))
    parts.append("\n".join(footing(rows)))
    return "\n\n".join(parts)
