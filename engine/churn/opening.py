"""Opening a stored model: digest, structure, a first load in a child process, and only then in this one."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from engine.churn.attribution import Tables, tabulate
from engine.churn.boosting import load_trees
from engine.churn.document import Document, digest_of, read_document
from engine.errors import DamagedError
from engine.vocabulary import Text

SECONDS: Final = 60
KEPT: Final = 4

_FIRST_LOAD: Final = """
import json, sys
import numpy as np
import xgboost
body = sys.stdin.buffer.read()
booster = xgboost.Booster({"nthread": 1})
booster.load_model(bytearray(body))
names, kinds = booster.feature_names, booster.feature_types
rows = np.array([[0.0] * len(names), [float("nan")] * len(names)], np.float32)
data = xgboost.DMatrix(rows, feature_names=names, feature_types=kinds, enable_categorical=True, nthread=1)
out = booster.predict(data, output_margin=True)
assert out.shape == (2,) and np.isfinite(out).all()
print("loaded")
"""


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A document with its trees loaded; `booster` and `tables` are None where a baseline alone answers."""

    digest: str
    document: Document
    booster: Any
    tables: Tables | None


_open: OrderedDict[str, OpenModel] = OrderedDict()
# XGBoost frees a booster through its library, which is gone at the very end of a process.
atexit.register(_open.clear)


def open_model(text: str, digest: str | None = None) -> OpenModel:
    """Open a stored document; the same one again comes from memory.

    Raises:
        DamagedError: It does not fit its digest, is not sound, or broke the child process that loaded it.
    """
    actual = digest_of(text)
    if actual not in _open or (digest is not None and digest != actual):
        document = read_document(text, digest)
        if document.trees is not None:
            try_in_child(document.trees.body)
        _open[actual] = build(document, actual)
    _open.move_to_end(actual)
    while len(_open) > KEPT:
        _open.popitem(last=False)
    return _open[actual]


def build(document: Document, digest: str) -> OpenModel:
    """Load the trees of a document that is known to be sound into this process."""
    if document.trees is None:
        return OpenModel(digest, document, None, None)
    tables = tabulate(document.trees.body, len(document.layout.names))
    return OpenModel(digest, document, load_trees(document.trees.body), tables)


def try_in_child(body: dict[str, Any]) -> None:
    """Load and run trees once in a child process, so that what breaks XGBoost breaks only that.

    Raises:
        DamagedError: The child did not come back well.
    """
    command = [sys.executable, "-I", "-c", _FIRST_LOAD]
    try:
        sent = json.dumps(body).encode()
        done = subprocess.run(command, input=sent, capture_output=True, timeout=SECONDS, check=False)
        fine = done.returncode == 0 and done.stdout.strip() == b"loaded"
    except subprocess.TimeoutExpired:
        fine = False
    if not fine:
        raise DamagedError(
            Text("XGBoost cannot load the stored churn model.", "XGBoost 无法加载已存的流失模型。"),
            Text(
                "Train it again with `touchstone model train`; a model of a newer XGBoost needs that version.",
                "请用 `touchstone model train` 重新训练；由更新版 XGBoost 训练的模型需要相应版本。",
            ),
        )
