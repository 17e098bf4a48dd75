"""Canonical bytes, the hash chain of the ledger, and Merkle trees over decisions."""

from engine.audit.canonical import Json, canonical, digest
from engine.audit.chain import Verification, entry_hash, verify_chain
from engine.audit.links import Link, Links
from engine.audit.merkle import inclusion_path, leaf, leaves, merkle_root, root_of_path
from engine.audit.parts import PartialTree, spans, subtree_roots

__all__ = [
    "Json",
    "Link",
    "Links",
    "PartialTree",
    "Verification",
    "canonical",
    "digest",
    "entry_hash",
    "inclusion_path",
    "leaf",
    "leaves",
    "merkle_root",
    "root_of_path",
    "spans",
    "subtree_roots",
    "verify_chain",
]
