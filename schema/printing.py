"""`python -m schema.printing` writes the printed schema beside this file, and the tables of docs/access.md."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.access import MATRIX, PERMISSION_TEXTS, Permission, Role
from schema.permissions import FIELDS
from schema.root import the_schema

PRINTED = Path(__file__).with_name("schema.graphql")
MANUAL = Path(__file__).parents[1] / "docs" / "access.md"
BEGIN: Final = "<!-- written by python -m schema.printing -->"
END: Final = "<!-- until here -->"


def access_tables() -> str:
    """Who may do what, as the manual shows it: permissions by role, and what asks for each over GraphQL."""
    lines = [
        "| | " + " | ".join(role.lower() for role in Role) + " |",
        "|---|" + ":-:|" * len(Role),
    ]
    for permission, roles in MATRIX.items():
        text = PERMISSION_TEXTS[permission]
        cells = " | ".join("✓" if role in roles else "" for role in Role)
        lines.append(f"| **{permission}** {text.en}<br>{text.zh} | {cells} |")
    lines += ["", "| permission | asked for by |", "|---|---|"]
    for permission in Permission:
        fields = ", ".join(f"`{field}`" for field, asked in FIELDS.items() if asked is permission)
        lines.append(f"| {permission} | {fields or '–'} |")
    return "\n".join(lines)


def with_tables(manual: str) -> str:
    """The manual with its tables as they are now."""
    before, _, rest = manual.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{access_tables()}\n{END}{after}"


def main() -> None:
    """Write `schema.graphql`, and the tables where the manual is there (an installed package has none)."""
    schema, _ = the_schema()
    PRINTED.write_text(schema.as_str() + "\n", encoding="utf-8")
    if MANUAL.exists():
        MANUAL.write_text(with_tables(MANUAL.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
