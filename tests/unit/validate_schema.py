#!/usr/bin/env python3
"""Validates JSON documents with the schemas of the OCI image specification.

    validate_schema.py KIND FILE [KIND FILE]...

KIND is the name of a schema without "-schema.json" or ".json": image-layout,
image-index, image-manifest, config, content-descriptor.  Prints a line for each
file, "valid" or "invalid: " and the first reason.  Exits 77 when the schemas (Debian:
golang-github-opencontainers-image-spec-dev) or python3-jsonschema are missing.
"""

import json
import os
import sys

SCHEMAS = os.environ.get(
    "OCI_SCHEMAS",
    "/usr/share/gocode/src/github.com/opencontainers/image-spec/schema")

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def load(name, cache={}):
    if name not in cache:
        with open(os.path.join(SCHEMAS, name), encoding="utf-8") as file:
            cache[name] = json.load(file)
    return cache[name]


def inline(node, file):
    """The schema with every $ref replaced by what it stands for.

    The references are relative to files while the ids are URLs, and how to tell a
    validator so differs from one of its versions to the next.
    """
    if isinstance(node, list):
        return [inline(item, file) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name, _, pointer = node["$ref"].partition("#")
        target = load(name or file)
        for key in filter(None, pointer.split("/")):
            target = target[key]
        return inline(target, name or file)
    return {key: inline(value, file) for key, value in node.items()
            if not (key == "id" and isinstance(value, str))}


def validator(kind):
    for name in (kind + "-schema.json", kind + ".json"):
        if os.path.exists(os.path.join(SCHEMAS, name)):
            return jsonschema.Draft4Validator(inline(load(name), name))
    return sys.exit(77)


def main(args):
    if not args or len(args) % 2:
        sys.exit(__doc__)
    for kind, path in zip(args[::2], args[1::2]):
        check = validator(kind)
        try:
            with open(path, encoding="utf-8") as file:
                problem = next(check.iter_errors(json.load(file)), None)
        except ValueError as error:
            problem = error
        if problem is None:
            print("valid")
        else:
            print("invalid:", " ".join(str(problem).split())[:200])


if __name__ == "__main__":
    main(sys.argv[1:])
