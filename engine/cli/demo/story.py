"""The demo's story: three months of a seeded business, by the same operations as any other.

The clock of the story is set to the month-ends: what was recorded by then is imported, modelled and
decided, as it would have been on that day. Between the second and the third one rule is changed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from engine.cli.demo.business import generate
from engine.operations.deciding import decide
from engine.operations.dispatching import deliver_pending
from engine.operations.importing import import_files
from engine.operations.modelling import predict, train
from engine.operations.publishing import publish
from engine.operations.rule_life import Person, Proposal, Verdict, propose, publish_change, review
from engine.operations.valuing import estimate_values
from engine.store import Database
from engine.vocabulary import Locale

SEED: Final = 20261101
ZONE: Final = ZoneInfo("Asia/Shanghai")
MONTH_ENDS: Final = tuple(datetime(2026, month, 1, tzinfo=ZONE) for month in (9, 10, 11))
SHEETS: Final = (
    "customers",
    "consents",
    "orders",
    "contracts",
    "opportunities",
    "interactions",
    "tickets",
    "surveys",
    "referrals",
    "costs",
)
CHURN_HORIZON_DAYS: Final = 90
VALUE_HORIZON_DAYS: Final = 365

APPROVERS: Final = ("sales-lead", "finance")
"""Who approves a change of the rules; the second only where a guardrail is crossed."""

FIRST_THRESHOLD: Final = "82"
"""Where A began for members until the change in October; the shipped file says where it begins since."""

_THRESHOLD = re.compile(r"(key: A\b.*?at_least: )(\d+)", re.DOTALL)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Month:
    """What one month-end did."""

    end: datetime
    added: int
    quarantined: int
    decided: int
    changed: int
    sent: int
    seconds: float


def tell_story(database: Database, folder: Path, rules: dict[str, bytes], locale: Locale, say: Say) -> list[Month]:
    """Play the three month-ends on an empty database.

    Args:
        folder: Where the generated files go.
        rules: The shipped rule files; the story begins with an earlier threshold.
    """
    zh = locale is Locale.ZH
    generate(folder / "business", SEED)
    say("已生成演示企业的数据文件。" if zh else "The demo business is generated.")
    months = []
    for number, end in enumerate(MONTH_ENDS):
        if number == 0:
            publish(database, _earlier(rules), "crm-ops", "First rule book", end)
        elif number == len(MONTH_ENDS) - 1:
            _change_rules(database, rules, "Too few members reached A in September", end)
        month = _month_end(database, folder, number)
        months.append(month)
        say(_line(month, zh))
    return months


def _change_rules(database: Database, rules: dict[str, bytes], reason: str, now: datetime) -> None:
    """A change as the rules themselves ask for it: proposed, approved by as many others as needed, published."""
    proposed = propose(database, Proposal(rules, reason), Person.named("crm-ops"), now)
    for name in APPROVERS[: proposed.needed]:
        review(database, Verdict(proposed.change_id, approve=True), Person.named(name), now)
    publish_change(database, proposed.change_id, "crm-ops", reason, now)


def _month_end(database: Database, folder: Path, number: int) -> Month:
    """Import what was recorded in the month, model, decide, deliver."""
    started, end = time.monotonic(), MONTH_ENDS[number]
    since = MONTH_ENDS[number - 1] if number else None
    added, quarantined = _import_month(database, folder, number, since, end)
    estimate_values(database, end, VALUE_HORIZON_DAYS, "schedule", end)
    if number == 0:
        train(database, end, CHURN_HORIZON_DAYS, "analyst", "First churn model", end)
    predict(database, end, "schedule", end)
    report = decide(database, None, end, "schedule", end)
    morning = end + timedelta(hours=10)
    sent = deliver_pending(database, morning, _Log(folder / f"console-{end:%Y-%m}.txt"))
    seconds = time.monotonic() - started
    return Month(end, added, quarantined, report.decided, report.changed, sent.total, seconds)


def _import_month(
    database: Database, folder: Path, number: int, since: datetime | None, end: datetime
) -> tuple[int, int]:
    added = quarantined = 0
    for sheet in SHEETS:
        extract = folder / f"extract-{number + 1}" / f"{sheet}.csv"
        _extract(folder / "business" / f"{sheet}.csv", extract, since, end)
        receipt = import_files(database, f"demo-{sheet}", [extract], "data-team", end)
        added += receipt.added
        quarantined += receipt.quarantined
    return added, quarantined


def _extract(source: Path, target: Path, since: datetime | None, end: datetime) -> None:
    """The lines recorded from `since` until `end`, as a monthly export would hold them.

    A line whose `recorded_at` cannot be read goes into the first extract: the import is to refuse it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open(encoding="utf-8", newline="") as lines, target.open("w", encoding="utf-8", newline="") as out:
        header = next(lines)
        place = header.rstrip("\r\n").split(",").index("recorded_at")
        out.write(header)
        for line in lines:
            recorded = _recorded(line, place)
            in_month = recorded is not None and recorded < end and (since is None or recorded >= since)
            if in_month or (recorded is None and since is None):
                out.write(line)


def _recorded(line: str, place: int) -> datetime | None:
    cells = line.rstrip("\r\n").split(",")
    try:
        read = datetime.fromisoformat(cells[place])
    except (ValueError, IndexError):
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=ZONE)


def _earlier(rules: dict[str, bytes]) -> dict[str, str | bytes]:
    """The rule book of August: A began higher for members."""
    text = rules["b2c.yaml"].decode()
    earlier, count = _THRESHOLD.subn(rf"\g<1>{FIRST_THRESHOLD}", text, count=1)
    if count != 1 or earlier == text:
        raise AssertionError("the shipped b2c.yaml has no threshold of A that differs from the story's")
    return {**rules, "b2c.yaml": earlier}


def _line(month: Month, zh: bool) -> str:
    words = (
        "{:%Y-%m-%d}：新增 {} 条记录，隔离 {} 行；评级 {} 位客户，{} 位有变化；送出 {} 条（{:.1f} 秒）"
        if zh
        else "{:%Y-%m-%d}: {} records added, {} rows quarantined; {} customers decided, {} changed; {} sent ({:.1f} s)"
    )
    return words.format(
        month.end, month.added, month.quarantined, month.decided, month.changed, month.sent, month.seconds
    )


class _Log:
    """The console channel of the story: messages go to a file, so that the demo's screen stays readable."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, line: str) -> None:
        with self._path.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
