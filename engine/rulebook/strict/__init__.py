"""Rule files as text: a strict reading of YAML into a tree in which everything knows its place."""

from engine.rulebook.strict.events import read_tree
from engine.rulebook.strict.findings import Findings
from engine.rulebook.strict.limits import Limits
from engine.rulebook.strict.located import Broken, Entry, Node, Scalar, Series, Table
from engine.rulebook.strict.source import SourceText, decode

__all__ = [
    "Broken",
    "Entry",
    "Findings",
    "Limits",
    "Node",
    "Scalar",
    "Series",
    "SourceText",
    "Table",
    "decode",
    "read_tree",
]
