#!/usr/bin/python3
"""Writes the files of a folder as C: embed.py FOLDER OUTPUT.c DEPFILE

The lines of FOLDER/manifest name the parts of app.js (those that end with .js) and of app.css, which are joined in that order.
A line that begins with / is a file of the distribution. Every other file of the folder is embedded under its own name.
"""
import sys
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".json": "application/json",
}
JOINED = {".js": "app.js", ".css": "app.css"}
BYTES_PER_LINE = 24


def parts_of(folder):
    for line in (folder / "manifest").read_text("utf-8").splitlines():
        name = line.split("#")[0].strip()
        if name:
            yield folder / name


def assets_of(folder):
    """name -> bytes"""
    parts = list(parts_of(folder))
    assets = {}
    for ending, name in JOINED.items():
        assets[name] = b"\n".join(p.read_bytes() for p in parts if p.suffix == ending)
    for path in folder.iterdir():
        if path.suffix in TYPES and path not in parts:
            assets[path.name] = path.read_bytes()
    return assets, [folder, folder / "manifest", *parts]


def c_text(assets):
    yield '#include "tools/viewer/assets.h"\n\n#include <string.h>\n'
    names = sorted(assets)
    for number, name in enumerate(names):
        data = assets[name]
        yield f"\nstatic const unsigned char bytes_{number}[] = {{\n"
        for at in range(0, len(data), BYTES_PER_LINE):
            yield "    " + "".join(f"{byte}," for byte in data[at:at + BYTES_PER_LINE]) + "\n"
        yield "    0 };\n"
    yield "\nstatic const struct asset assets[] = {\n"
    for number, name in enumerate(names):
        yield f'    {{ "{name}", "{TYPES[Path(name).suffix]}", bytes_{number}, sizeof bytes_{number} - 1 }},\n'
    yield """};

const struct asset *assets_all(size_t *ret_count)
{
    *ret_count = sizeof assets / sizeof assets[0];
    return assets;
}

const struct asset *asset_find(const char *name)
{
    for (size_t i = 0; i < sizeof assets / sizeof assets[0]; i++)
        if (strcmp(assets[i].name, name) == 0)
            return &assets[i];
    return NULL;
}
"""


def main():
    folder, output, depfile = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    assets, read = assets_of(folder)
    output.write_text("".join(c_text(assets)), "ascii")
    read += [path for path in sorted(folder.iterdir()) if path not in read]
    depfile.write_text(f"{output}: {' '.join(map(str, read))}\n", "utf-8")


if __name__ == "__main__":
    main()
