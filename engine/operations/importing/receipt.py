"""What an import says afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from engine.intake import REASONS
from engine.operations.importing.watermarks import OlderFile
from engine.rulebook.telling.names import SOURCE_TEXTS
from engine.vocabulary import Locale, Text


@dataclass(frozen=True, slots=True)
class ImportReceipt:
    """What became of every row; rows = added + linked + corrected + quarantined + skipped.

    Attributes:
        import_id: Number of the import.
        rows: Rows read, headers not counted.
        added: Stored as new; for a customer list: customers made.
        linked: Were there already, exactly so: stored before, or earlier in these files.
        corrected: A new version of a record, or an edit of a customer.
        quarantined: Rows that take part in nothing.
        skipped: Rows the mapping leaves out on purpose, by its reason.
        reasons: Findings in quarantined rows, by reason; a row may have several.
        marked: Rows kept in which a rule of the mapping set a value, as `status=cancelled`.
        reported: Rows kept in which something looks wrong, by reason.
        customers_created: Customers made.
        titles: Texts of the mapping's reasons to skip.
        late: Rows stored that tell of the time before stored decisions; they count as known from this import on.
        older: The import reaches less far than what was imported before; None: it does not.
    """

    import_id: int
    mapping: str
    files: tuple[str, ...]
    rows: int
    added: int
    linked: int
    corrected: int
    quarantined: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    marked: Mapping[str, int] = field(default_factory=dict)
    reported: Mapping[str, int] = field(default_factory=dict)
    customers_created: int = 0
    titles: Mapping[str, Text] = field(default_factory=dict)
    late: int = 0
    older: OlderFile | None = None

    def as_dict(self) -> dict[str, Any]:
        """Counts for programs; all keys are stable."""
        return {
            "import": self.import_id,
            "mapping": self.mapping,
            "files": list(self.files),
            "rows": self.rows,
            "added": self.added,
            "linked": self.linked,
            "corrected": self.corrected,
            "quarantined": self.quarantined,
            "skipped": dict(self.skipped),
            "reasons": dict(self.reasons),
            "marked": dict(self.marked),
            "reported": dict(self.reported),
            "customers_created": self.customers_created,
            "known_from_now": self.late,
            "stays_complete_until": None if self.older is None else self.older.stored_until.isoformat(),
        }

    def lines(self, locale: Locale) -> list[str]:
        """The summary for a person."""
        skipped = sum(self.skipped.values())
        counts = Text(
            f"{self.rows} rows read: {self.added} added, {self.linked} repeated, {self.corrected} corrected, "
            f"{self.quarantined} quarantined, {skipped} left out.",
            f"共读取 {self.rows} 行：新增 {self.added}，重复 {self.linked}，更正 {self.corrected}，"
            f"隔离 {self.quarantined}，按规则略过 {skipped}。",
        )
        said = [counts.within(locale)]
        if self.customers_created:
            made = Text(f"{self.customers_created} customers created.", f"新建客户 {self.customers_created} 位。")
            said.append(made.within(locale))
        said += [f"  {count:>9}  {self.titles[name].within(locale)}" for name, count in self.skipped.items() if count]
        set_to = Text("Rows taken as", "按规则记为")
        said += [f"  {count:>9}  {set_to.within(locale)} {name}" for name, count in self.marked.items() if count]
        found = {**self.reasons, **self.reported}
        said += [f"  {count:>9}  {name}: {REASONS[name].within(locale)}" for name, count in sorted(found.items())]
        said += [text.within(locale) for text in self._remarks()]
        if self.quarantined or self.reported:
            said.append(
                Text(
                    "`touchstone data quality` lists them by file and row.",
                    "`touchstone data quality` 按文件和行列出。",
                ).within(locale)
            )
        return said

    def _remarks(self) -> Iterator[Text]:
        """What a person would not expect of an import."""
        if self.late:
            yield Text(
                f"{self.late} of them tell of the time before decisions that are stored: they count as known from now "
                "on, change none of those decisions, and show as corrected data in the next.",
                f"其中 {self.late} 行说的是已有决定之前的事：从现在起才算已知，不改变那些决定，"
                "在下一次决定中显示为数据更正。",
            )
        if self.older is not None:
            zone = ZoneInfo(self.older.timezone)
            file, stored = (
                f"{at.astimezone(zone):%Y-%m-%d}" for at in (self.older.file_until, self.older.stored_until)
            )
            name = SOURCE_TEXTS.get(self.older.source, Text(self.older.source))
            yield Text(
                f"⚠ This file reaches until {file} only; {name.en} stay complete until {stored}. "
                f"If they are not, import again with `--complete-until {file}`.",
                f"⚠ 此文件只到 {file}；{name.zh or name.en}仍视为完整到 {stored}。"
                f"如果并非如此，请加上 `--complete-until {file}` 再导入一次。",
            )
