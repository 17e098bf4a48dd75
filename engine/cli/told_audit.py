"""What verifying the ledger found, in words."""

from __future__ import annotations

from collections.abc import Iterator

from engine.audit import Verification
from engine.audit.notes import read_note
from engine.vocabulary import Text


def told_verification(found: Verification) -> Iterator[Text]:
    """A line for the ledger, one for each thing that is wrong, one for how far it is signed."""
    count, head = found.entries, found.head
    if not found.entries:
        yield Text("The ledger is empty.", "账本为空。")
        return
    if found.misfits:
        yield Text(
            f"The ledger itself is intact ({count} entries), but what is stored is not as it says:",
            f"账本本身完整（{count} 条），但存储的内容与其不符：",
        )
        yield from (Text(f"  {text.en}", f"  {text.zh}") for text in found.misfits)
    elif not found.ok:
        gone = found.first_bad is not None and found.first_bad > count
        yield Text(
            f"Entry {found.first_bad} is missing." if gone else f"Entry {found.first_bad} does not fit.",
            f"缺少账本第 {found.first_bad} 条。" if gone else f"账本第 {found.first_bad} 条不符。",
        )
        if found.problem is not None:
            yield found.problem
    else:
        yield Text(f"Intact: {count} entries, head {head}", f"账本完整：{count} 条，末条 {head}")
    if found.checkpoint is None and not found.ok:
        yield Text(
            "No checkpoint was signed over the entries before it: only a copy of the checkpoints kept elsewhere "
            "(--checkpoints FILE), or a backup, tells whether they are the ones that were written.",
            "其之前的记录没有已签署的检查点：只有另处保存的检查点副本（--checkpoints 文件）或备份能说明是否原样。",
        )
        return
    if found.checkpoint is None:
        yield Text("No checkpoint covers any of it.", "没有检查点覆盖其中任何一条。")
        return
    size = read_note(found.checkpoint).entries
    yield Text(f"Signed up to entry {size}.", f"已签署至第 {size} 条。")
