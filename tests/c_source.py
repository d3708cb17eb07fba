"""A C source as the tidy test sees it: includes, directives, functions and calls with their lines.

This is no parser: comments and literals are blanked, directives taken out, braces counted. That is
enough for code in the house style, where a function's body is the only '{' that follows ')'.
"""
import re
from bisect import bisect_right
from typing import NamedTuple

CALL = re.compile(r"(?<![\w.>])([A-Za-z_]\w*)\s*\(")
INCLUDE = re.compile(r'#include\s*([<"])([^>"]+)[>"]')
NOT_CALLS = {"if", "for", "while", "switch", "return", "sizeof", "alignof", "_Alignof", "typeof",
             "__typeof__", "defined"}
LEXEMES = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


class Function(NamedTuple):
    name: str
    first_line: int     # where its return type begins
    last_line: int      # of its closing brace


def blank(text):
    """Text with comments and literals as spaces, newlines kept. Quotes of literals stay."""
    def spaces(match):
        kept = re.sub(r"[^\n]", " ", match[0])
        if match[0][0] in "\"'":
            kept = match[0][0] + kept[1:-1] + match[0][0]
        return kept
    return LEXEMES.sub(spaces, text)


def without_comments(text):
    def spaces(match):
        return match[0] if match[0][0] in "\"'" else re.sub(r"[^\n]", " ", match[0])
    return LEXEMES.sub(spaces, text)


def function_name(head):
    """Name of the function whose text before '{' is `head`, None when it is no function."""
    head = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", " ", head).strip()
    if not head.endswith(")") or "=" in re.sub(r"\([^()]*\)", "", head):
        return None
    found = re.search(r"(?:\(\s*\*\s*)?([A-Za-z_]\w*)\s*\(", head)
    if found is None:
        return None
    if found[1].isupper():
        # A macro that begins a function, such as BENCH(name, rounds).
        inner = re.search(r"\(\s*(\w+)", head)
        return inner[1] if inner else found[1]
    return found[1]


class Source:
    def __init__(self, text):
        code = blank(text).split("\n")
        plain = without_comments(text).split("\n")
        self.code = code        # lines; comments and literals blanked, directives taken out
        self.directives = []    # (line, text without comments, continuation lines joined)
        self.includes = []      # (line, what, is a house header)
        self._take_directives(code, plain)
        self._line_starts = [0]
        for line in code:
            self._line_starts.append(self._line_starts[-1] + len(line) + 1)
        self.functions = list(self._find_functions())
        body = "\n".join(code)
        calls = [(self._line_at(m.start()), m[1]) for m in CALL.finditer(body)]
        calls += [(line, m[1]) for line, define in self.directives
                  if define.startswith("#define") for m in CALL.finditer(blank(define))]
        self.calls = sorted(call for call in calls if call[1] not in NOT_CALLS)

    def _take_directives(self, code, plain):
        """Moves directives out of `code`. Conditionals leave a mark so that braces can be counted
        through one branch at a time."""
        number = 0
        while number < len(code):
            if not code[number].lstrip().startswith("#"):
                number += 1
                continue
            first = number
            text = plain[number].strip()
            while text.endswith("\\") and number + 1 < len(code):
                number += 1
                text = text[:-1].rstrip() + " " + plain[number].strip()
            text = re.sub(r"^#\s+", "#", re.sub(r"\s+", " ", text)).strip()
            self.directives.append((first + 1, text))
            found = INCLUDE.match(text)
            if found:
                self.includes.append((first + 1, found[2], found[1] == '"'))
            for n in range(first, number + 1):
                code[n] = ""
            word = re.match(r"#(if|el|endif)", text)
            if word:
                code[first] = {"if": "\x01", "el": "\x02", "endif": "\x03"}[word[1]]
            number += 1

    def _line_at(self, offset):
        return bisect_right(self._line_starts, offset)

    def _find_functions(self):
        depth, parens, head, begun, name = 0, 0, "", 0, None
        branches = []
        for number, line in enumerate(self.code, 1):
            for char in line:
                if char == "\x01":
                    branches.append(depth)
                elif char == "\x02" and branches:
                    depth = branches[-1]
                elif char == "\x03" and branches:
                    branches.pop()
                elif char == "{":
                    if depth == 0 and parens == 0:
                        name = function_name(head)
                    depth += 1
                elif char == "}":
                    depth = max(depth - 1, 0)
                    if depth == 0:
                        if name:
                            yield Function(name, begun, number)
                        name, head, begun = None, "", 0
                elif depth == 0:
                    parens += (char == "(") - (char == ")")
                    if char == ";" and parens == 0:
                        head, begun = "", 0
                    else:
                        if not begun and not char.isspace():
                            begun = number
                        head += char
            if depth == 0:
                head += "\n"

    def function_at(self, line):
        for function in self.functions:
            if function.first_line <= line <= function.last_line:
                return function
        return None
