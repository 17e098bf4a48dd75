"""Drafts the next migration from what the tables declare now: `python -m migrations.draft "what it is for"`.

Read the draft before committing it: triggers of a table that is altered on SQLite have to be made again, and
`SCHEMA_VERSION` in `engine/store/versions.py` has to rise with it.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from engine.store import upgrade_database

FOLDER = Path(__file__).resolve().parent


def draft(purpose: str, folder: Path = FOLDER) -> Path:
    """Write `versions/NNNN_purpose.py` with the difference between the last migration and the declared tables."""
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/scratch.db"
        last = upgrade_database(url, folder)
        engine = create_engine(url)
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.revision(config, purpose, autogenerate=True, rev_id=f"{int(last) + 1:04}")
        engine.dispose()
    return max((folder / "versions").glob("*.py"))


if __name__ == "__main__":
    sys.stdout.write(f"{draft(sys.argv[1])}\n")
