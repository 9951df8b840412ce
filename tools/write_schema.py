"""Write docs/params.schema.json, with which editors complete and check params.yaml: `python -m tools.write_schema`.

The first line of params.yaml names it, in the form that the YAML language server reads.
"""

import json
from pathlib import Path

from stacker.settings.whole import Settings

SCHEMA = Path("docs/params.schema.json")


def main() -> None:
    SCHEMA.write_text(describe_settings(), encoding="utf-8")
    print(SCHEMA)


def describe_settings() -> str:
    """The JSON schema of params.yaml, as text."""
    schema = Settings.model_json_schema(mode="validation")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=1) + "\n"


if __name__ == "__main__":
    main()
