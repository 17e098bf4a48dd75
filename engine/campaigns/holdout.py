"""Holdouts: the share of triggered customers that is not contacted, drawn once and for ever."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from engine.campaigns.model import Campaigns, Holdout


def in_holdout(holdout: Holdout, reference: str) -> bool:
    """Whether a customer is in a holdout.

    Drawn is a mix of two hashes: the first 8 bytes of SHA-256 of the customer's reference and of the salt,
    combined by exclusive or and stirred by the finaliser of SplitMix64 (Steele, Lea & Flood 2014); the
    holdout is the lowest `percent` of the 2^64 values. The answer depends on nothing else, so a customer
    stays in or out for as long as the salt stands.

    >>> in_holdout(Holdout(100, "s"), "demo:P-0001"), in_holdout(Holdout(0, "s"), "demo:P-0001")
    (True, False)
    """
    return bool(_drawn(_hashes([reference]), holdout)[0])


def holdout_flags(campaigns: Campaigns, references: Sequence[str]) -> NDArray[np.bool_]:
    """Holdout membership, (customers, triggers), by the customers' references (`source:key`)."""
    flags = np.zeros((len(references), len(campaigns.triggers)), np.bool_)
    if any(trigger.holdout is not None for trigger in campaigns.triggers):
        hashes = _hashes(references)
        for index, trigger in enumerate(campaigns.triggers):
            if trigger.holdout is not None:
                flags[:, index] = _drawn(hashes, trigger.holdout)
    return flags


def _hashes(references: Sequence[str]) -> NDArray[np.uint64]:
    """The first 8 bytes of the SHA-256 of each reference, one hash for all salts."""
    joined = b"".join([drawn.digest() for drawn in map(sha256, map(str.encode, references))])
    return np.frombuffer(joined, ">u8")[::4].astype(np.uint64)


def _drawn(hashes: NDArray[np.uint64], holdout: Holdout) -> NDArray[np.bool_]:
    if holdout.percent >= 100:
        return np.ones(len(hashes), np.bool_)
    salt = np.uint64(int.from_bytes(sha256(holdout.salt.encode()).digest()[:8], "big"))
    mixed = hashes ^ salt
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed < np.uint64((holdout.percent << 64) // 100)
