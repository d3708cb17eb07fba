#!/usr/bin/python3
"""Holds the tree against the rules of the house and prints each violation as file:line: message.

usage: tidy.py [ROOT]        exit 0: nothing found, 1: at least one violation

The rules are tables at the top; a rule is a function that takes the tree or one file and yields
(line, message). tests/tidy_selftest.py shows each of them failing once.
"""
import re
import sys
from pathlib import Path

import c_source

TOP_LEVEL = {
    "engine", "http", "stats", "bench", "tests", "tools", "meson.build",
    "README.md", "LICENSE", ".ci", ".clang-format", ".editorconfig",
    ".gitattributes", ".gitignore", ".git",
}
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
# Recorded bytes for tests: any content is fine there.
RAW_FOLDERS = ("tests/data/",)
CODE_SUFFIXES = {".c", ".h", ".def", ".py", ".sh", ".js", ".css", ".html", ".build", ""}

# Which files may see which library: a pattern of the include, and path prefixes.
LIBRARIES = [
    (r"liburing(\.h|/)|linux/io_uring\.h", "liburing", ["engine/io/"]),
    (r"openssl/", "OpenSSL", ["engine/io/tls", "engine/plan/digest.c", "tests/tls/"]),
    (r"pcre2\.h", "PCRE2", ["http/regex.c"]),
    (r"brotli/", "brotli", ["http/content_coding.c"]),
    (r"llhttp\.h", "llhttp", ["http/response.c"]),
    (r"yaml\.h", "libyaml", ["engine/plan/"]),
    (r"microhttpd\.h", "libmicrohttpd", ["tools/web/"]),
    (r"zmq", "libzmq", ["tools/locust/"]),
    (r"msgpack", "msgpack", ["tools/locust/"]),
    (r"jansson\.h", "jansson", ["stats/report/", "tools/", "tests/", "http/capture"]),
    (r"zlib\.h", "zlib", ["stats/hist_codec.c", "http/content_coding.c", "tests/"]),
    (r"cmocka\.h", "cmocka", ["tests/"]),
]

# A room may include its own headers and those of a lower rank.
RANKS = {"stats": 0, "http": 0, "engine/io": 1, "engine/plan": 1, "engine/run": 2, "tools": 3}
SEE_ALL = ("tests", "bench")
# Same rank, other room: plain data only, in these directions.
SIDEWAYS = [("http", "stats/"), ("stats", "http/span.h")]

BANNED_CALLS = {
    "atoi": "strtoull with a check", "atol": "strtoull with a check", "atof": "strtod with a check",
    "strcpy": "memcpy or snprintf", "strcat": "memcpy or snprintf", "gets": "fgets",
    "sprintf": "snprintf", "vsprintf": "vsnprintf", "strtok": "a span and a loop",
    "gettimeofday": "clock_now_ns",
}
ALLOCATION_CALLS = {
    "malloc", "calloc", "realloc", "reallocarray", "free", "aligned_alloc", "posix_memalign",
    "memalign", "valloc", "strdup", "strndup", "asprintf", "vasprintf", "getline", "mmap", "munmap",
}
COLD_IN_RUN = {"engine/run/fleet.c", "engine/run/provision.c"}
# x_open(), and x_open_arrays(), a piece of it
COLD_FUNCTION = re.compile(r"_(open|close)(_[a-z]+)?$")
CLOCK_CALLS = {"clock_gettime", "time", "clock", "timespec_get"}
CLOCK_READERS = ("engine/io/clock.c", "tools/", "tests/", "bench/")
LOUD_CALLS = {"printf", "vprintf", "puts", "putchar", "perror", "exit", "_exit", "err", "errx"}
LOUD_STREAM = re.compile(r"\b(stdout|stderr)\b")
LOUD_ROOMS = ("tools/", "tests/", "bench/")
# The words are put together here so that this file does not hold them itself.
OWED_WORDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
DRAWER = re.compile(r"(^|_)(utils?|common|misc|helpers?)(_|$)")
MAP_DEPTH = 2


def room_of(path):
    """The room a path from the root belongs to: 'engine/io', 'stats', 'tools', ..."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "engine" else parts[0]


def files_of(root):
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if parts[0].startswith("build") or ".git" in parts or "__pycache__" in parts:
            continue
        if path.is_file():
            yield "/".join(parts), path


def text_of(path):
    data = path.read_bytes()
    if b"\0" in data:
        return None
    return data.decode("utf-8", "replace")


# --- rules for one file of any kind ----------------------------------------------------------------

def find_blanks_and_tabs(name, text):
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            yield number, "tab"
        if line != line.rstrip():
            yield number, "blank at the end of the line"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no newline at the end of the file"


def find_owed_work(name, text):
    for number, line in enumerate(text.split("\n"), 1):
        found = OWED_WORDS.search(line)
        if found:
            yield number, f"'{found[0]}': do it now or leave it out"


def find_long_file(name, text):
    lines = text.count("\n")
    if Path(name).suffix in CODE_SUFFIXES and lines > FILE_LINES_MAX:
        yield lines, f"{lines} lines, at most {FILE_LINES_MAX}: split it by noun"


def find_drawer(name, text):
    for part in Path(name).with_suffix("").parts:
        if DRAWER.search(part):
            yield 1, f"'{part}' is a drawer, not a noun: put each function with what it serves"


# --- rules for C --------------------------------------------------------------------------------------

def find_wrong_guard(name, source):
    if not name.endswith(".h"):
        return
    guard = "SQUALL_" + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
    lines = [(n, line) for n, line in source.directives]
    wanted = [f"#ifndef {guard}", f"#define {guard}"]
    if [line for _, line in lines[:2]] != wanted:
        yield (lines[0][0] if lines else 1), f"header guard must be {guard}"
    elif not lines[-1][1].startswith("#endif"):
        yield lines[-1][0], "header guard is not closed at the end"


def find_foreign_library(name, source):
    for number, target, _ in source.includes:
        for pattern, library, allowed in LIBRARIES:
            if re.match(pattern, target) and not name.startswith(tuple(allowed)):
                yield number, f"{library} may be seen by {' '.join(allowed)} only"


def may_include(room, target):
    other = room_of(target)
    if room == other or room in SEE_ALL:
        return True
    if room not in RANKS or other not in RANKS:
        return False
    if any(room == a and target.startswith(b) for a, b in SIDEWAYS):
        return True
    return RANKS[other] < RANKS[room]


def find_upward_include(name, source):
    room = room_of(name)
    for number, target, is_house in source.includes:
        if not is_house:
            continue
        if target.split("/")[0] not in TOP_LEVEL or "/" not in target:
            yield number, f'"{target}": house headers are included by their path from the root'
        elif not may_include(room, target):
            yield number, f"{room} may not include {room_of(target)} ({target}): arrows point down"


def find_long_function(name, source):
    for function in source.functions:
        lines = function.last_line - function.first_line + 1
        if lines > FUNCTION_LINES_MAX:
            yield (function.first_line,
                   f"{function.name}() has {lines} lines, at most {FUNCTION_LINES_MAX}")


def find_banned_call(name, source):
    for number, call in source.calls:
        if call in BANNED_CALLS:
            yield number, f"{call}() is not used here: {BANNED_CALLS[call]}"


def find_hot_allocation(name, source):
    if not name.startswith("engine/run/") or name in COLD_IN_RUN:
        return
    for number, call in source.calls:
        owner = source.function_at(number)
        if call in ALLOCATION_CALLS and not (owner and COLD_FUNCTION.search(owner.name)):
            where = f"{owner.name}()" if owner else "this file"
            yield number, f"{call}() in {where}: nothing allocates after the start"


def find_clock_reading(name, source):
    if name.startswith(CLOCK_READERS):
        return
    for number, call in source.calls:
        if call in CLOCK_CALLS:
            yield number, f"{call}(): time is an argument, only engine/io/clock.c asks for it"


def find_printing(name, source):
    if name.startswith(LOUD_ROOMS):
        return
    for number, call in source.calls:
        if call in LOUD_CALLS:
            yield number, f"{call}(): only tools print and exit"
    for number, line in enumerate(source.code, 1):
        found = LOUD_STREAM.search(line)
        if found:
            yield number, f"{found[0]}: only tools print and exit"


ANY_RULES = [find_blanks_and_tabs, find_owed_work, find_long_file, find_drawer]
C_RULES = [find_wrong_guard, find_foreign_library, find_upward_include, find_long_function,
           find_banned_call, find_hot_allocation, find_clock_reading, find_printing]


# --- rules for the whole tree ---------------------------------------------------------------------

def find_foreign_top_level(root):
    for entry in sorted(root.iterdir()):
        if entry.name not in TOP_LEVEL and not (entry.is_dir() and entry.name.startswith("build")):
            yield entry.name, 1, "not one of the entries of the top level"


def find_unmapped_folder(root):
    readme = root / "README.md"
    if not readme.is_file():
        yield "README.md", 1, "missing: it holds the map of the house"
        return
    text = readme.read_text(encoding="utf-8")
    folders = set()
    for name, _ in files_of(root):
        parts = name.split("/")[:-1]
        if parts and not parts[0].startswith("."):
            folders.update("/".join(parts[:n]) for n in range(1, min(len(parts), MAP_DEPTH) + 1))
    for folder in sorted(folders):
        if folder + "/" not in text:
            yield "README.md", 1, f"the map of the house does not list {folder}/"


def find_circle_of_tools(sources):
    """Rooms below tools/ may use each other, but not in a circle."""
    uses = {}
    for name, source in sources.items():
        for number, target, is_house in source.includes:
            here, there = name.split("/"), target.split("/")
            if is_house and here[0] == there[0] == "tools" and len(here) > 2 and len(there) > 2 \
                    and here[1] != there[1]:
                uses.setdefault(here[1], {}).setdefault(there[1], (name, number))

    def reaches(start, goal, seen):
        return start == goal or any(
            reaches(n, goal, seen | {start}) for n in uses.get(start, {}) if n not in seen)

    for room in sorted(uses):
        for other, (name, number) in sorted(uses[room].items()):
            if reaches(other, room, set()):
                yield name, number, f"tools/{room} and tools/{other} include each other"


def violations(root):
    yield from find_foreign_top_level(root)
    yield from find_unmapped_folder(root)
    sources = {}
    for name, path in files_of(root):
        text = text_of(path)
        if text is None or name.startswith(RAW_FOLDERS):
            continue
        for rule in ANY_RULES:
            for number, message in rule(name, text):
                yield name, number, message
        if path.suffix in (".c", ".h"):
            sources[name] = source = c_source.Source(text)
            for rule in C_RULES:
                for number, message in rule(name, source):
                    yield name, number, message
    yield from find_circle_of_tools(sources)


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    found = 0
    for name, number, message in violations(root.resolve()):
        print(f"{name}:{number}: {message}")
        found += 1
    print(f"tidy: {found} violations" if found else "tidy: nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
