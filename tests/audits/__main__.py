"""Starts a server over a small business on a free port of this machine, and lets the audits of graphql-http judge it.

Prints what does not hold and how many of the audits do; ends with status 1 if any does not, or fewer were run.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from engine.store import open_database, upgrade_database
from tests.schema.business import fill
from tests.server.conftest import serving

HERE: Final = Path(__file__).parent
AUDITS: Final = 61
"""Of the version of graphql-http in package.json."""
PATIENCE_SECONDS: Final = 300


def main() -> int:
    """Install, serve, judge."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("The audits need node and npm. On Debian: apt install nodejs npm", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name in ("package.json", "audit.mjs"):
            shutil.copyfile(HERE / name, folder / name)
        install = ["npm", "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(install, cwd=folder, check=True, timeout=PATIENCE_SECONDS)
        url = f"sqlite:///{folder / 'touchstone.db'}"
        upgrade_database(url)
        with open_database(url) as database:
            fill(database)
        with serving(url, folder) as server:
            return judge(folder, f"{server.url}/graphql")


def judge(folder: Path, url: str) -> int:
    """Run the audits of a folder against a server; 0: all hold."""
    asked = ["node", "audit.mjs", url]
    done = subprocess.run(asked, cwd=folder, check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    *problems, last = done.stdout.splitlines()
    found = json.loads(last)
    print(*problems, f"{found['held']} of {found['audits']} audits of GraphQL over HTTP hold.", sep="\n")
    return 0 if found["held"] == found["audits"] >= AUDITS else 1


if __name__ == "__main__":
    raise SystemExit(main())
