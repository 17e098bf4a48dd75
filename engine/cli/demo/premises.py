"""Where the demo may work: a folder and a database that hold nothing but its own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import make_url, text

from engine.errors import DamagedError, InputError, NotReadyError
from engine.store import check_database, open_database
from engine.vocabulary import Text

_OWN_FILES: Final = re.compile(r"business|extract-\d+|console-[\d-]+\.txt")
_ANOTHER: Final = Text(
    "Name another one: TOUCHSTONE_DATABASE_URL=sqlite:///demo.db touchstone demo",
    "请指定另一个数据库：TOUCHSTONE_DATABASE_URL=sqlite:///demo.db touchstone demo",
)


def clear_folder(folder: Path) -> None:
    """An empty folder; what an earlier demo left in it is removed.

    Raises:
        InputError: It holds anything else, or is no folder; nothing is removed then.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(
            Text(f"{folder} is a file.", f"{folder} 是文件。"), Text("Name a folder.", "请指定一个文件夹。")
        )
    found = sorted(folder.iterdir()) if folder.exists() else []
    foreign = [path.name for path in found if not _OWN_FILES.fullmatch(path.name)]
    if foreign:
        raise InputError(
            Text(
                f"The folder {folder} holds files that are not the demo's ({foreign[0]}).",
                f"文件夹 {folder} 中有非演示文件（{foreign[0]}）。",
            ),
            Text("Give --folder a new one.", "请用 --folder 指定新的文件夹。"),
        )
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def refuse_other_data(url: str) -> None:
    """The demo replaces a database only if every customer in it is a demo customer.

    Raises:
        InputError: It holds other customers or rules, is of another version or no database of Touchstone; on
            PostgreSQL also: it is not empty.
    """
    try:
        with open_database(url) as database, database.read() as session:
            foreign = session.execute(text("select count(*) from identity where ref not like 'demo:%'")).scalar_one()
            published = session.execute(text("select count(*) from rule_change")).scalar_one()
            customers = session.execute(text("select count(*) from identity")).scalar_one()
    except NotReadyError as error:
        if _nothing_there(url):
            return
        raise InputError(error.message, _ANOTHER) from error
    except DamagedError as error:
        raise InputError(error.message, _ANOTHER) from error
    if foreign or (published and not customers):
        message = Text("The database of the settings holds data that are not the demo's.", "当前数据库中有非演示数据。")
        raise InputError(message, _ANOTHER)
    if customers and _file(url) is None:
        raise InputError(
            Text("The demo wants an empty database.", "演示需要一个空数据库。"),
            Text(
                "Create another one and name it in TOUCHSTONE_DATABASE_URL.",
                "请新建数据库并设置 TOUCHSTONE_DATABASE_URL。",
            ),
        )


@contextmanager
def building(url: str) -> Iterator[str]:
    """The URL to build the demo's database at; it takes its place only once it is finished.

    An interrupted demo thus leaves the database as it was. On PostgreSQL it is built in place.
    """
    place = _file(url)
    if place is None:
        yield url
        return
    site = place.with_name(place.name + ".building")
    _remove(site)
    try:
        yield make_url(url).set(database=str(site)).render_as_string(hide_password=False)
        for end in ("-wal", "-shm"):
            _beside(place, end).unlink(missing_ok=True)
        site.replace(place)
        _beside(place, ".checkpoints").unlink(missing_ok=True)  # of the demo before, which is gone
    finally:
        _remove(site)


def _file(url: str) -> Path | None:
    """The file of a SQLite database."""
    location = make_url(url)
    return Path(location.database or "") if location.get_backend_name() == "sqlite" else None


def _remove(database: Path) -> None:
    for end in ("", "-wal", "-shm", ".lock"):
        _beside(database, end).unlink(missing_ok=True)


def _beside(database: Path, end: str) -> Path:
    return database.with_name(database.name + end)


def _nothing_there(url: str) -> bool:
    """No file, an empty file, or a database without tables."""
    place = _file(url)
    if place is not None:
        return not place.exists() or (place.is_file() and place.stat().st_size == 0)
    return check_database(url).version is None
