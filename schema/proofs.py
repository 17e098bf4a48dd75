"""The proof that a decision is in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from engine.operations.proving import InclusionProof as Proof
from engine.operations.proving import proof_of
from engine.store.reading import DecisionView
from schema.context import Info
from schema.describing import answered, backed_by, described, told
from schema.ledger import Checkpoint, LedgerEntry
from schema.lookups import or_fault
from schema.scalars import Hash


def _hash(node: bytes) -> str:
    return f"sha256:{node.hex()}"


def _leaf(root: Proof) -> str:
    """SHA-256 of the customer's random salt and the decision's bytes."""
    return _hash(root.leaf)


def _run_path(root: Proof) -> list[str]:
    """From the leaf to `runRoot`."""
    return [_hash(node) for node in root.run_path]


def _entry_path(root: Proof) -> list[str]:
    """From the entry's hash to the checkpoint's root."""
    return [_hash(node) for node in root.entry_path]


@described
class InclusionProof:
    """Decision leaf → run root (in the entry) → checkpoint root. Paths are RFC 6962 sibling hashes, leaf side first."""

    is_type_of = backed_by(Proof)

    leaf: Hash = answered(_leaf)
    leaf_index: int = told("Place of the leaf in the run, from 0.")
    leaves: int = told("Leaves of the run.")
    run_root: Hash = told("As the entry anchors it.")
    run_path: list[Hash] = answered(_run_path)
    entry: LedgerEntry = told("The run's entry.")
    entry_path: list[Hash] = answered(_entry_path)
    checkpoint: Checkpoint = told("The signed head that the path leads to.")


async def proof_of_decision(root: DecisionView, info: Info) -> Proof | None:
    """Proof that this decision is in the ledger; null until the next checkpoint."""
    proof: Proof | None = await info.context.load(_proofs, root.id)
    return proof


def _proofs(session: Session, ids: Sequence[int]) -> Mapping[int, Any]:
    return {number: or_fault(partial(proof_of, session, number)) for number in ids}
