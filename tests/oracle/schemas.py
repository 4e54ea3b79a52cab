#!/usr/bin/env python3
"""Validates artifacts against JSON Schemas made from dbt-core's own classes: tests/oracle/schemas.py FOLDER

FOLDER is what `recorded_test --artifacts=FOLDER` kept: a folder for each kind of artifact. Says where a file is not valid;
the exit code says whether there was one. Run it with the Python that has dbt (.deps/venv/oracle).
"""
import json
import pathlib
import sys

import jsonschema
from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.freshness import FreshnessExecutionResultArtifact
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.run import RunResultsArtifact

KINDS = {
    "manifest.json": WritableManifest,
    "run_results.json": RunResultsArtifact,
    "catalog.json": CatalogArtifact,
    "sources.json": FreshnessExecutionResultArtifact,
}


def places(error):
    """The innermost errors: of a choice that failed, those of the branch that came closest."""
    if not error.context:
        yield f"{error.json_path}: {error.message[:200]}"
        return
    branches = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    for inner in min(branches.values(), key=len):
        yield from places(inner)


def main(folder):
    checked, bad = 0, 0
    for name, kind in KINDS.items():
        schema = kind.json_schema()
        schema = getattr(schema, "to_dict", lambda: schema)()
        validator = jsonschema.Draft202012Validator(schema)
        for path in sorted((pathlib.Path(folder) / name).glob("*.json")):
            checked += 1
            found = sorted({line for error in validator.iter_errors(json.loads(path.read_text())) for line in places(error)})
            bad += bool(found)
            for line in found[:10]:
                print(f"{name} {path.stem}: {line}")
    print(f"schemas: {checked} artifacts, {bad} not valid")
    return 1 if bad or not checked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
