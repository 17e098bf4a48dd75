"""Holdouts: the share of triggered customers that is not contacted, drawn once and for ever."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from engine.campaigns.model import Campaigns, Holdout


def in_holdout(holdout: Holdout, reference: str) -> bool:
    """Whether a customer is in a holdout: the first 8 bytes of SHA-256(salt ‖ reference) as a share of 2^64.

    The answer depends on nothing else, so a customer stays in or out for as long as the salt stands.

    >>> in_holdout(Holdout(100, "s"), "demo:P-0001"), in_holdout(Holdout(0, "s"), "demo:P-0001")
    (True, False)
    """
    return _drawn(holdout.salt.encode(), reference.encode()) * 100 < holdout.percent << 64


def holdout_flags(campaigns: Campaigns, references: Sequence[str]) -> NDArray[np.bool_]:
    """Holdout membership, (customers, triggers), by the customers' references (`source:key`)."""
    flags = np.zeros((len(references), len(campaigns.triggers)), np.bool_)
    encoded = [reference.encode() for reference in references]
    for index, trigger in enumerate(campaigns.triggers):
        if trigger.holdout is not None:
            salt, limit = trigger.holdout.salt.encode(), trigger.holdout.percent << 64
            flags[:, index] = [_drawn(salt, reference) * 100 < limit for reference in encoded]
    return flags


def _drawn(salt: bytes, reference: bytes) -> int:
    return int.from_bytes(sha256(salt + reference).digest()[:8], "big")
