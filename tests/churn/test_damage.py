"""A damaged or hostile model file is refused with a sentence; it never takes this process down."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from engine.churn import TrainedModel, read_document
from engine.churn.opening import try_in_child
from engine.errors import DamagedError

Change = Callable[[dict[str, Any]], Any]


def _tree(body: dict[str, Any], index: int = 0) -> dict[str, Any]:
    trees = body["trees"]["body"]["learner"]["gradient_booster"]["model"]["trees"]
    return trees[index]  # type: ignore[no-any-return]


def _category_tree(body: dict[str, Any]) -> dict[str, Any]:
    trees = body["trees"]["body"]["learner"]["gradient_booster"]["model"]["trees"]
    return next(tree for tree in trees if tree["categories"])


CHANGES: dict[str, Change] = {
    "child beyond the end": lambda b: _tree(b)["left_children"].__setitem__(0, 99),
    "child above its parent": lambda b: _tree(b)["left_children"].__setitem__(1, 0),
    "half a leaf": lambda b: _tree(b)["left_children"].__setitem__(1, -1),
    "column that is not there": lambda b: _tree(b)["split_indices"].__setitem__(0, 400),
    "number where a list was": lambda b: _tree(b).__setitem__("split_indices", 3),
    "too few thresholds": lambda b: _tree(b)["split_conditions"].pop(),
    "threshold of no size": lambda b: _tree(b)["split_conditions"].__setitem__(0, 1e300),
    "no cover": lambda b: _tree(b)["sum_hessian"].__setitem__(1, 0.0),
    "number split as a category": lambda b: _tree(b)["split_type"].__setitem__(0, 1),
    "category out of range": lambda b: _category_tree(b)["categories"].__setitem__(0, 9),
    "segment out of range": lambda b: _category_tree(b)["categories_segments"].__setitem__(0, 70_000),
    "nodes miscounted": lambda b: _tree(b)["tree_param"].__setitem__("num_nodes", "4000000"),
    "trees miscounted": lambda b: b["trees"]["body"]["learner"]["gradient_booster"]["model"]
    ["gbtree_model_param"].__setitem__("num_trees", "9"),
    "another objective": lambda b: b["trees"]["body"]["learner"]["objective"].__setitem__("name", "rank:map"),
    "something added": lambda b: b["trees"]["body"]["learner"].__setitem__("plugin", "x"),
    "something missing": lambda b: b["trees"]["body"]["learner"].pop("objective"),
    "columns in another order": lambda b: b["layout"]["numbers"].reverse(),
    "no baseline": lambda b: b["baselines"].pop("recency"),
    "text for a slope": lambda b: b["trees"]["calibration"].__setitem__("slope", "2"),
    "another monotone column": lambda b: b["monotone"].__setitem__(0, -1),
    "model without trees": lambda b: b.__setitem__("trees", None),
    "unknown answer": lambda b: b.__setitem__("answers", "oracle"),
    "newer format": lambda b: b.__setitem__("format", 2),
    "extra key": lambda b: b.__setitem__("note", "hello"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_structure_is_checked(trained: TrainedModel, name: str) -> None:
    body = json.loads(trained.document)
    CHANGES[name](body)
    with pytest.raises(DamagedError) as caught:
        read_document(json.dumps(body, sort_keys=True, separators=(",", ":")))
    assert "touchstone model train" in caught.value.hint.en


def test_an_unchanged_document_passes(trained: TrainedModel) -> None:
    assert read_document(trained.document, trained.digest).answers == "xgboost"


@pytest.mark.parametrize("text", ["", "[]", "null", '{"kind":1}', "[" * 100_000, "\ud800", '{"kind":NaN}'])
def test_what_is_no_document_at_all(text: str) -> None:
    with pytest.raises(DamagedError):
        read_document(text)


def test_any_flipped_byte_breaks_the_digest(trained: TrainedModel) -> None:
    chance = random.Random(11)
    for _ in range(50):
        place = chance.randrange(len(trained.document))
        flipped = trained.document[:place] + chr(ord(trained.document[place]) ^ 1) + trained.document[place + 1 :]
        with pytest.raises(DamagedError, match="digest"):
            read_document(flipped, trained.digest)


def test_what_kills_xgboost_only_kills_the_child(trained: TrainedModel) -> None:
    body = json.loads(trained.document)["trees"]["body"]
    try_in_child(body)
    broken = copy.deepcopy(body)
    for tree in broken["learner"]["gradient_booster"]["model"]["trees"]:
        tree["left_children"] = [2_000_000_000 if child != -1 else -1 for child in tree["left_children"]]
    with pytest.raises(DamagedError, match="cannot load"):
        try_in_child(broken)
