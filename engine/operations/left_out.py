"""Customers whom a damaged chunk keeps from being decided, counted and named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Customers who cannot be decided: where they stand is in a chunk that does not fit its hash.

    Attributes:
        chunk: Its name.
    """

    chunk: str
    customers: int

    def as_dict(self) -> dict[str, Any]:
        """The `--json` shape."""
        return {"chunk": self.chunk, "customers": self.customers}

    @property
    def text(self) -> Text:
        """For a person."""
        chunk, count = self.chunk, self.customers
        return Text(
            f"Left out: {count:,} customers of {chunk}, whose stored bytes do not fit their hash. How they stood is "
            "not known; deciding them as new would move them. They are decided again once the chunk is restored.",
            f"未评级：{chunk} 的 {count:,} 位客户。其存储内容与哈希不符，原状态未知；按新客户评级会改变其等级。"
            "恢复该数据块后即可重新评级。",
        )
