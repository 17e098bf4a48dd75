"""The sentences of the loader, in both languages, each under its stable code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.rulebook.wordings.files import FILES
from engine.rulebook.wordings.folders import FOLDERS
from engine.rulebook.wordings.form import Wording
from engine.rulebook.wordings.markets import MARKETS
from engine.rulebook.wordings.metrics import METRICS
from engine.rulebook.wordings.syntax import SYNTAX
from engine.rulebook.wordings.values import VALUES

WORDINGS: Final[Mapping[str, Wording]] = {**FOLDERS, **FILES, **SYNTAX, **VALUES, **METRICS, **MARKETS}
"""Wordings by name; `Findings.add` fills their blanks."""

__all__ = ["WORDINGS", "Wording"]
