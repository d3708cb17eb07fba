"""Adds up the test logs of several builds. usage: tally.py BUILD=testlog.json ...

Names what was skipped and what failed; a build without a log counts as one failure. The last line is
'N passed, N failed'.
"""
import json
import sys


def read(path):
    try:
        with open(path, encoding="utf-8") as log:
            return [json.loads(line) for line in log if line.strip()]
    except FileNotFoundError:
        return []


def main():
    passed, failed, skipped = [], [], []
    for argument in sys.argv[1:]:
        build, path = argument.split("=", 1)
        tests = read(path)
        if not tests:
            failed.append(f"{build}: it could not be built, or has no tests")
        for test in tests:
            name = f"{build}: {test['name'].split(' / ')[-1]}"
            result = test["result"]
            if result in ("OK", "EXPECTEDFAIL"):
                passed.append(name)
            elif result == "SKIP":
                skipped.append(name)
            else:
                failed.append(f"{name} ({result.lower()}, see {path.replace('.json', '.txt')})")
    for name in skipped:
        print(f"skipped  {name}")
    for name in failed:
        print(f"failed   {name}")
    print(f"{len(passed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
