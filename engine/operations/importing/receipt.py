"""What an import says afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.intake import REASONS
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
        if self.quarantined or self.reported:
            said.append(
                Text(
                    "`touchstone data quality` lists them by file and row.",
                    "`touchstone data quality` 按文件和行列出。",
                ).within(locale)
            )
        return said
