"""The import of files: read and checked first, then one write transaction with one ledger entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import Severity
from engine.intake import CUSTOMERS, Mapping, Quarantined, word_message
from engine.operations.importing.customers import store_customers
from engine.operations.importing.gathering import Gathered, Progress, gather
from engine.operations.importing.identities import known_customers
from engine.operations.importing.mappings import load_mapping
from engine.operations.importing.receipt import ImportReceipt
from engine.operations.importing.records import Outcome, store_records
from engine.operations.importing.versions import ADDED, CORRECTED, LINKED
from engine.operations.importing.watermarks import OlderFile, store_watermarks
from engine.operations.personal import declare_personal
from engine.store import Database, append_entry, insert_rows, update_rows
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, ImportRow, IssueRow
from engine.vocabulary import EntryKind

LIMIT_ISSUES = 100_000
"""Findings of one import that are kept one by one; all of them are counted."""


def import_files(
    database: Database,
    mapping: str | Path,
    paths: Sequence[str | Path],
    actor: str,
    now: datetime,
    progress: Progress | None = None,
    *,
    complete_until: datetime | None = None,
) -> ImportReceipt:
    """Import files by a mapping.

    Files are read and checked before anything is written; then everything is stored in one transaction
    with one ledger entry. The same file twice adds nothing.

    Args:
        mapping: Name of a shipped mapping, or a mapping file.
        paths: CSV, XLSX, Parquet or JSONL files of one kind.
        actor: Who imports.
        now: Aware instant of the import.
        progress: Told how many bytes of how many have been read.
        complete_until: How far the source is complete, if the caller knows better than the mapping; alone this can
            set back what was said before.

    Raises:
        NotFoundError: No such mapping or file.
        InputError: A mapping that is not right, or a file that cannot be read at all; nothing is stored then.
    """
    chosen = load_mapping(mapping)
    gathered = gather(chosen, paths, progress)
    older: OlderFile | None = None
    with database.write() as session:
        repeated = _seen_before(session, chosen, gathered)
        import_id = _begin(session, chosen, gathered, actor, now)
        personal: tuple[str, ...] = ()
        if chosen.entity == CUSTOMERS:
            marked = [name for name, spec in chosen.fields.items() if spec.personal]
            personal = declare_personal(session, marked, chosen.name, now)
            outcome = store_customers(session, chosen, gathered, now)
        else:
            outcome = store_records(session, chosen, gathered, import_id, now)
            older = store_watermarks(session, chosen, outcome.kept, now, complete_until)
            _touch(session, outcome.customers, now)
        gathered.quarantined += outcome.quarantined
        receipt = _receipt(chosen, gathered, outcome, import_id, older)
        if not repeated:
            _store_issues(session, chosen, gathered, import_id, now)
        _finish(session, receipt)
        append_entry(
            session, EntryKind.IMPORT, actor, None, f"import:{import_id}", _body(receipt, gathered, personal), now
        )
    return receipt


def _seen_before(session: Session, mapping: Mapping, gathered: Gathered) -> bool:
    """Whether these very files were imported by this mapping; then their findings are on record."""
    table = table_of(ImportRow)
    query = select(table.c.id).where(
        table.c.mapping == mapping.name, table.c.file_hashes == orjson.dumps(gathered.digests).decode()
    )
    return session.execute(query.limit(1)).first() is not None


def _begin(session: Session, mapping: Mapping, gathered: Gathered, actor: str, now: datetime) -> int:
    counts = dict.fromkeys(("rows", "added", "linked", "corrected", "quarantined"), 0)
    ids = insert_rows(
        session,
        ImportRow,
        {
            "mapping": mapping.name,
            "files": orjson.dumps(gathered.names).decode(),
            "file_hashes": orjson.dumps(gathered.digests).decode(),
            "actor": actor,
            "at": now,
            "summary": "{}",
            **counts,
        },
    )
    return int(ids[0])


def _receipt(
    mapping: Mapping, gathered: Gathered, outcome: Outcome, import_id: int, older: OlderFile | None
) -> ImportReceipt:
    reported = {"unknown_word": sum(rows for _, rows, _ in gathered.words.values())}
    return ImportReceipt(
        import_id=import_id,
        mapping=mapping.name,
        files=tuple(gathered.names),
        rows=gathered.read,
        added=outcome.verdicts[ADDED],
        linked=outcome.verdicts[LINKED],
        corrected=outcome.verdicts[CORRECTED],
        quarantined=gathered.bad_rows(),
        skipped={rule.reason: gathered.skipped[rule.reason] for rule in mapping.skip},
        reasons=dict(sorted(Counter(item.reason for item in gathered.quarantined).items())),
        marked=outcome.marked,
        reported={name: rows for name, rows in reported.items() if rows},
        customers_created=outcome.created,
        titles={rule.reason: rule.title.text() for rule in mapping.skip},
        late=outcome.late,
        older=older,
    )


def _store_issues(session: Session, mapping: Mapping, gathered: Gathered, import_id: int, now: datetime) -> None:
    items = gathered.quarantined[:LIMIT_ISSUES]
    for (file, column, word), (row, rows, near) in gathered.words.items():
        message = word_message(column, word, rows, near)
        items.append(Quarantined(file, row, column, "unknown_word", message, word, rows, quarantined=False))
    refs = [item.ref for item in items]
    known = known_customers(session, list(dict.fromkeys(ref for ref in refs if ref is not None)))
    insert_rows(
        session,
        IssueRow,
        {
            "import_id": [import_id] * len(items),
            "check_name": [item.reason for item in items],
            "severity": [(Severity.ERROR if item.quarantined else Severity.WARNING).value for item in items],
            "message_en": [item.message.en for item in items],
            "message_zh": [item.message.zh for item in items],
            "source": [mapping.source] * len(items),
            "file": [item.file for item in items],
            "row": [item.row for item in items],
            "field": [item.column for item in items],
            "value": [item.value for item in items],
            "quarantined": [item.quarantined for item in items],
            "customer_id": [None if ref is None else known.get(ref) for ref in refs],
            "found_at": [now] * len(items),
        },
    )


def _touch(session: Session, customers: list[int], now: datetime) -> None:
    """A customer with a new record was updated."""
    if customers:
        update_rows(session, CustomerRow, {"id": customers, "updated_at": [now] * len(customers)})


def _finish(session: Session, receipt: ImportReceipt) -> None:
    update_rows(
        session,
        ImportRow,
        {
            "id": [receipt.import_id],
            "rows": [receipt.rows],
            "added": [receipt.added],
            "linked": [receipt.linked],
            "corrected": [receipt.corrected],
            "quarantined": [receipt.quarantined],
            "summary": [orjson.dumps(receipt.as_dict(), option=orjson.OPT_SORT_KEYS).decode()],
        },
    )


def _body(receipt: ImportReceipt, gathered: Gathered, personal: tuple[str, ...]) -> dict[str, Json]:
    """Counts and digests for the ledger: nothing about any person, no file names."""
    counts: dict[str, Json] = receipt.as_dict()
    del counts["files"], counts["import"]
    marked: dict[str, Json] = {"personal": personal} if personal else {}
    return counts | {"files": list(gathered.digests)} | marked
