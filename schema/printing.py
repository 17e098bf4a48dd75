"""`python -m schema.printing` writes the printed schema beside this file."""

from __future__ import annotations

from pathlib import Path

from schema.root import the_schema

PRINTED = Path(__file__).with_name("schema.graphql")


def main() -> None:
    """Write `schema.graphql`."""
    schema, _ = the_schema()
    PRINTED.write_text(schema.as_str() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
