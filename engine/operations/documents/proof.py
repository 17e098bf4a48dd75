"""The last part of a document: the records behind the metrics, whom to object to, and how to check everything."""

from __future__ import annotations

from collections.abc import Iterator

from engine.operations.documents.gathering import Behind
from engine.operations.documents.markup import Markup, element, joined
from engine.operations.documents.telling import Teller, pairs, section, small, table
from engine.store.reading import Kind, global_id

SETTING = "TOUCHSTONE_OBJECTION_CONTACT"


def records(teller: Teller) -> Markup:
    """The records behind the metrics that score and tier read; of each metric the newest."""
    say = teller.say
    headers = [
        say("Metric", "指标"),
        say("Source", "来源"),
        say("Key", "单号"),
        say("Date", "日期"),
        say("Contribution", "贡献"),
    ]
    rows = [row for one in teller.shown.behind for row in _rows(teller, one)]
    note = say(
        "The stored records from which the metrics were computed, as they were known when the decision was made: "
        "the newest, and first the one that gave an earliest, latest, smallest or largest value.",
        "计算各指标所用的已存记录，以决定时所知为准：列出最新的记录，取最早、最晚、最小或最大值时先列出决定该值的记录。",
    )
    parts = [element("p", note, class_="note"), table(headers, rows, "records", numbers="4")]
    if teller.shown.without:
        named = teller.listed(teller.text(title) for title in teller.shown.without)
        said = say(
            f"Not from single records (details of the customer, estimates): {named}.",
            f"非由单条记录得出（客户资料、估计值）：{named}。",
        )
        parts.append(element("p", said, class_="note"))
    return section(say("The records behind the metrics", "指标所依据的记录"), *parts, name="records")


def _rows(teller: Teller, one: Behind) -> Iterator[list[str]]:
    """A metric's records; its name and value stand at the first."""
    say = teller.say
    value = "" if one.told is None else teller.metrics([one.told])[0]
    heads = [joined([element("strong", value or teller.text(one.title))])]
    if not one.shown:
        none = say("source too old to count", "来源过期，不予采用") if one.stale else say("no record", "无记录")
        yield [*heads, element("em", none), "", "", ""]
        return
    for index, part in enumerate(one.shown):
        record = part.record
        yield [
            heads[0] if index == 0 else "",
            element("bdi", record.source),
            element("bdi", record.key),
            teller.date(record.occurred_at),
            "" if part.value is None else teller.value(part.value, part.unit),
        ]
    left = one.count - len(one.shown)
    if left > 0:
        yield ["", element("em", say(f"and {left:,} more", f"另有 {left:,} 条")), "", "", ""]


def objection(teller: Teller) -> Markup:
    """To whom to object; a page that names nobody says so."""
    say, contact = teller.say, teller.shown.contact
    title = say("If you do not agree", "如有异议")
    if not contact:
        said = say(
            "No contact for objections is named. The firm that hands out this page must name one ",
            "尚未指定异议联系人。出具本页的企业必须指定 ",
        )
        return section(
            title, element("p", element("strong", said), "(", element("code", SETTING), ")"), name="objection"
        )
    number = global_id(Kind.DECISION, teller.shown.number)
    lead = say(
        "To object to this decision, to have data corrected or to ask a person to look at it, write to: ",
        "如对本决定有异议、需更正数据或要求人工复核，请联系：",
    )
    return section(
        title,
        element("p", lead, element("strong", contact)),
        element("p", say("Please name the decision ", "请注明决定编号 "), element("code", number), say(".", "。")),
        name="objection",
    )


def proof(teller: Teller) -> Markup:
    """How to make sure that this is the decision and that nobody has altered it."""
    say, answer, entry = teller.say, teller.answer, teller.shown.entry
    number = global_id(Kind.DECISION, teller.shown.number)
    rows = [
        (say("Digest of the decision", "决定摘要"), element("code", answer.digest, id="digest")),
        (
            say("Make it again", "重新计算"),
            joined(
                [
                    element("code", f"touchstone replay {number}"),
                    small(
                        say("from the stored inputs; it must come out identical", "用已存输入重新计算，结果必须一致")
                    ),
                ]
            ),
        ),
        (
            say("Check the ledger", "核查账本"),
            joined(
                [
                    element("code", "touchstone replay --all"),
                    " · ",
                    element("code", "touchstone audit verify"),
                    small(
                        say(
                            "that the stored inputs are those of that day, and no entry was altered",
                            "确认已存输入即当日输入，且账本条目未被改动",
                        )
                    ),
                ]
            ),
        ),
    ]
    if entry is not None:
        rows.insert(
            1, (say(f"Ledger entry {entry.position}", f"账本第 {entry.position} 条"), element("code", entry.hash))
        )
    return section(say("How to verify this page", "如何核验本页"), pairs(rows, "proof"), name="proof")
