"""What the common schemas of JUnit reports ask for: which elements stand where, in which order, with which attributes."""
import re
import xml.etree.ElementTree as xml

WHOLE, DECIMAL = r"\d+", r"\d+(\.\d+)?"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
ANY = r"(?s).*"
# Element: (attributes it must have, the elements in it in their order with how often each may come)
RULES = {
    "testsuites": ({}, [("testsuite", 0, None)]),
    "testsuite": (
        {"name": ".+", "package": ".+", "id": WHOLE, "timestamp": TIME, "hostname": ".+", "tests": WHOLE, "failures": WHOLE,
         "errors": WHOLE, "time": DECIMAL},
        [("properties", 1, 1), ("testcase", 0, None), ("system-out", 1, 1), ("system-err", 1, 1)]),
    "properties": ({}, [("property", 1, None)]),
    "property": ({"name": ".+", "value": ANY}, []),
    "testcase": ({"name": ".+", "classname": ".+", "time": DECIMAL}, [("skipped", 0, 1), ("failure", 0, 1)]),
    "failure": ({"message": ANY, "type": ".+"}, []),
    "skipped": ({}, []),
    "system-out": ({}, []),
    "system-err": ({}, []),
}


def mistakes(text):
    """All there are, as sentences."""
    root = xml.fromstring(text)
    found = [] if root.tag == "testsuites" else [f"the root is {root.tag}"]
    for element in root.iter():
        attributes, children = RULES[element.tag]
        if set(element.attrib) != set(attributes):
            found.append(f"{element.tag}: attributes {sorted(element.attrib)}")
        found += [f"{element.tag}: {name}='{element.get(name)}'" for name, pattern in attributes.items()
                  if not re.fullmatch(pattern, element.get(name, ""))]
        names = [child.tag for child in element]
        if names != sorted(names, key=[name for name, *_ in children].index):
            found.append(f"{element.tag}: {names}")
        for name, least, most in children:
            if not least <= names.count(name) <= (len(names) if most is None else most):
                found.append(f"{element.tag}: {names.count(name)} times {name}")
    for suite in root:
        cases = suite.findall("testcase")
        if int(suite.get("tests")) != len(cases) or int(suite.get("failures")) != len(suite.findall("testcase/failure")):
            found.append(f"{suite.get('name')}: its sums are wrong")
    return found
