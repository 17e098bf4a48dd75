"""What verifying the ledger found, in words."""

from __future__ import annotations

from collections.abc import Iterator

from engine.audit import Verification
from engine.vocabulary import Text


def told_verification(found: Verification) -> Iterator[Text]:
    """One line for the ledger, one for what is wrong, one for how far it is signed."""
    if not found.ok:
        yield Text(f"Entry {found.first_bad} does not fit.", f"账本第 {found.first_bad} 条不符。")
        if found.problem is not None:
            yield found.problem
    elif not found.entries:
        yield Text("The ledger is empty.", "账本为空。")
        return
    else:
        count, head = found.entries, found.head
        yield Text(f"Intact: {count} entries, head {head}", f"账本完整：{count} 条，末条 {head}")
    if found.checkpoint is None:
        yield Text("No checkpoint covers any of it.", "没有检查点覆盖其中任何一条。")
        return
    size = int(found.checkpoint.split("\n")[1])
    yield Text(f"Signed up to entry {size}.", f"已签署至第 {size} 条。")
