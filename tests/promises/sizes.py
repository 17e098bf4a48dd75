"""One property in two sizes: small in the ordinary suite, large in `make nightly`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy


def sizes(ordinary: int, nightly: int) -> pytest.MarkDecorator:
    """Give a test its `size`: how many examples are tried."""
    large = pytest.param(nightly, marks=pytest.mark.nightly, id="nightly")
    return pytest.mark.parametrize("size", [pytest.param(ordinary, id="ordinary"), large])


def hold(check: Callable[..., None], size: int, **drawn: SearchStrategy[Any]) -> None:
    """Try a property on that many examples; the first that fails is made as small as possible."""
    settings(max_examples=size, deadline=None)(given(**drawn)(check))()
