#!/usr/bin/python3
"""tools/cli/scenario.schema.json says of a scenario what squall says: the same keys with the same words, every scenario that
squall takes is valid, and none is that squall refuses for its shape.

What a schema cannot know, such as names that nothing gives a value, is listed: SENSE.
"""
import json
import math
import re
import warnings
from pathlib import Path

import jsonschema
import yaml

import rig

SCHEMA = rig.ROOT / "tools" / "cli" / "scenario.schema.json"
MANUAL = rig.ROOT / "tools" / "cli" / "scenario.md"
DATA = rig.ROOT / "tests" / "data"
EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Bad scenarios whose shape is good: what is wrong with them is in the sense of a text or between its parts.
SENSE = {
    "cookies_off", "duplicate_header_case", "empty_expression", "function_without_brackets", "host_port", "kind_weights_0",
    "missing_host", "name_with_a_slot", "random_arguments", "run_time_long", "session_header_twice", "stages_long",
    "unclosed_expression", "unknown_function", "unknown_variable", "unknown_variable_far", "variable_of_feed",
    "variable_of_other_kind", "wait_range_order",
}
# What YAML itself refuses, or squall before it looks at any key: anchors, aliases, tags, control characters, two documents.
NOT_A_TREE = {
    "alias", "billion_laughs", "complex_key", "crlf", "duplicate_key", "line_separator", "tag", "too_deep", "utf16",
}


class Loader(yaml.SafeLoader):
    """YAML 1.2's words, as squall reads them: 'no' and '2026-01-01' are texts."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows
            if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float")]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|True|TRUE|false|False|FALSE)$"), "tTfF")


def with_text_keys(node):
    """As JSON has it: every key is a text, and there are no infinities."""
    if isinstance(node, float) and not math.isfinite(node):
        raise yaml.YAMLError(f"{node} is no JSON")
    if isinstance(node, dict):
        return {str(key): with_text_keys(value) for key, value in node.items()}
    return [with_text_keys(item) for item in node] if isinstance(node, list) else node


def tree_of(text):
    return with_text_keys(yaml.load(text, Loader))


class Schema(rig.Case):
    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", DeprecationWarning)
        cls.schema = json.loads(SCHEMA.read_text("utf-8"))
        cls.validator = jsonschema.Draft202012Validator(cls.schema)

    def mistakes(self, text):
        return [f"{error.json_path}: {error.message[:200]}" for error in self.validator.iter_errors(tree_of(text))]

    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_every_key_is_in_it_with_its_words_and_no_other(self):
        code, out, err = rig.call("check", "--keys")
        self.assertEqual((code, err), (0, ""))
        tables = {}
        for line in out.splitlines():
            table, key, words = line.split("\t")
            tables.setdefault(table, {})[key] = words
        self.assertGreater(len(tables), 10)
        for table, keys in tables.items():
            part = self.schema["$defs"][table]
            if table == "capture":
                part = part["oneOf"][1]
            own = {key: value for key, value in part["properties"].items() if value is not True}
            self.assertEqual({key: value.get("description") for key, value in own.items()}, keys, table)

    def test_every_part_of_it_is_used_and_described(self):
        text = SCHEMA.read_text("utf-8")
        for name, part in self.schema["$defs"].items():
            self.assertIn(f'"$ref": "#/$defs/{name}"', text)
            self.assertTrue("description" in part or "properties" in part, name)

    def test_every_example_of_the_manual_is_valid(self):
        examples = EXAMPLE.findall(MANUAL.read_text("utf-8"))
        self.assertGreaterEqual(len(examples), 9)
        for number, text in enumerate(examples):
            with self.subTest(f"example {number}"):
                self.assertEqual(self.mistakes(text), [])

    def test_every_good_scenario_is_valid(self):
        files = [*sorted((DATA / "scenario_good").glob("*.yaml")), rig.ROOT / "tools" / "cli" / "tweets.yaml"]
        self.assertGreaterEqual(len(files), 7)
        for file in files:
            with self.subTest(file.name):
                self.assertEqual(self.mistakes(file.read_text("utf-8")), [])

    def test_every_scenario_of_a_bad_shape_is_not(self):
        files = sorted((DATA / "scenario_bad").glob("*.yaml"))
        self.assertGreaterEqual(len(files), 100)
        for file in files:
            with self.subTest(file.name):
                try:
                    mistakes = self.mistakes(file.read_bytes())
                except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
                    continue
                if file.stem in SENSE:
                    self.assertEqual(mistakes, [], "its shape is good: it belongs to SENSE")
                elif file.stem not in NOT_A_TREE:
                    self.assertNotEqual(mistakes, [], "its shape is bad, or it belongs to SENSE")


if __name__ == "__main__":
    rig.main()
