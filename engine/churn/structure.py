"""A strict check of XGBoost's JSON before XGBoost sees it: its own loader trusts indices and can crash."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.churn.features import Layout
from engine.errors import DamagedError
from engine.vocabulary import Text

MAX_NODES: Final = 15
"""Of a tree of depth 3."""

MAX_TREES: Final = 5_000
_NO_PARENT: Final = 2**31 - 1

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e38, le=1e38)]
Whole = Annotated[int, Field(strict=True, ge=-1, le=_NO_PARENT)]
Bit = Annotated[int, Field(strict=True, ge=0, le=1)]
Digits = Annotated[str, Field(pattern=r"^\d{1,6}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _TreeParameters(_Strict):
    num_deleted: Literal["0"]
    num_feature: Digits
    num_nodes: Digits
    size_leaf_vector: Literal["0", "1"]


class _Tree(_Strict):
    base_weights: list[Number]
    categories: list[Whole]
    categories_nodes: list[Whole]
    categories_segments: list[Whole]
    categories_sizes: list[Whole]
    default_left: list[Bit]
    id: Whole
    left_children: list[Whole]
    loss_changes: list[Number]
    parents: list[Whole]
    right_children: list[Whole]
    split_conditions: list[Number]
    split_indices: list[Whole]
    split_type: list[Bit]
    sum_hessian: list[Annotated[float, Field(ge=0, le=1e38)]]
    tree_param: _TreeParameters


class _Categories(_Strict):
    enc: list[Any] = Field(max_length=0)
    feature_segments: list[Any] = Field(max_length=0)
    sorted_idx: list[Any] = Field(max_length=0)


class _ForestParameters(_Strict):
    num_parallel_tree: Literal["1"]
    num_trees: Digits


class _Forest(_Strict):
    cats: _Categories
    gbtree_model_param: _ForestParameters
    iteration_indptr: list[Whole]
    tree_info: list[Annotated[int, Field(strict=True, ge=0, le=0)]]
    trees: list[_Tree] = Field(min_length=1, max_length=MAX_TREES)


class _Booster(_Strict):
    model: _Forest
    name: Literal["gbtree"]


class _LearnerParameters(_Strict):
    base_score: Annotated[str, Field(pattern=r"^\[?0?\.?\d[\d.]*(E-?\d{1,2})?\]?$", max_length=32)]
    boost_from_average: Literal["1"]
    num_class: Literal["0"]
    num_feature: Digits
    num_target: Literal["1"]


class _Weight(_Strict):
    scale_pos_weight: Literal["1"]


class _Objective(_Strict):
    name: Literal["binary:logistic"]
    reg_loss_param: _Weight


class _Learner(_Strict):
    attributes: dict[str, str] = Field(max_length=0)
    feature_names: list[str]
    feature_types: list[Literal["float", "c"]]
    gradient_booster: _Booster
    learner_model_param: _LearnerParameters
    objective: _Objective


class _Model(_Strict):
    learner: _Learner
    version: list[Whole] = Field(min_length=3, max_length=3)


def check_trees(body: dict[str, Any], layout: Layout) -> None:
    """Check the JSON of boosted trees against the columns they are said to read.

    Raises:
        DamagedError: Something is missing, added, of another type, or points outside.
    """
    try:
        model = _Model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise _damaged(".".join(map(str, first["loc"]))) from error
    learner = model.learner
    kinds = ["float"] * len(layout.numbers) + ["c"] * len(layout.categories)
    if learner.feature_names != list(layout.names) or learner.feature_types != kinds:
        raise _damaged("learner.feature_names")
    if learner.learner_model_param.num_feature != str(len(kinds)):
        raise _damaged("learner.learner_model_param.num_feature")
    forest = learner.gradient_booster.model
    count = len(forest.trees)
    if (
        forest.gbtree_model_param.num_trees != str(count)
        or forest.tree_info != [0] * count
        or forest.iteration_indptr != list(range(count + 1))
    ):
        raise _damaged("gbtree_model_param.num_trees")
    levels = [0] * len(layout.numbers) + [len(category.levels) for category in layout.categories]
    for index, tree in enumerate(forest.trees):
        if tree.id != index or not _sound(tree, levels):
            raise _damaged(f"trees.{index}")


def _sound(tree: _Tree, levels: list[int]) -> bool:
    """Every column as long as there are nodes; children below their parents; categories in range."""
    nodes = len(tree.left_children)
    columns = (
        tree.base_weights, tree.default_left, tree.loss_changes, tree.parents, tree.right_children,
        tree.split_conditions, tree.split_indices, tree.split_type, tree.sum_hessian,
    )  # fmt: skip
    if not 1 <= nodes <= MAX_NODES or any(len(column) != nodes for column in columns):
        return False
    if tree.tree_param.num_nodes != str(nodes) or tree.tree_param.num_feature != str(len(levels)):
        return False
    return _linked(tree, nodes) and _splits_fit(tree, levels) and _categories_fit(tree, levels)


def _linked(tree: _Tree, nodes: int) -> bool:
    """Every node but the root is the child of exactly one earlier node, which is its parent."""
    if tree.parents[0] != _NO_PARENT:
        return False
    seen: list[int] = []
    for node, (left, right) in enumerate(zip(tree.left_children, tree.right_children, strict=True)):
        if left == -1 and right == -1:
            continue
        if not (node < left < nodes and node < right < nodes and tree.parents[left] == tree.parents[right] == node):
            return False
        seen += [left, right]
    return sorted(seen) == list(range(1, nodes)) and all(cover > 0 for cover in tree.sum_hessian)


def _splits_fit(tree: _Tree, levels: list[int]) -> bool:
    """Numbers are split by numbers, categories by categories, both within the columns."""
    for node, left in enumerate(tree.left_children):
        column, kind = tree.split_indices[node], tree.split_type[node]
        if not 0 <= column < len(levels) or (left == -1 and kind != 0):
            return False
        if left != -1 and (kind == 1) != (levels[column] > 0):
            return False
    return True


def _categories_fit(tree: _Tree, levels: list[int]) -> bool:
    splits = [node for node, kind in enumerate(tree.split_type) if kind == 1]
    if tree.categories_nodes != splits or not len(splits) == len(tree.categories_segments) == len(
        tree.categories_sizes
    ):
        return False
    start = 0
    for node, segment, size in zip(splits, tree.categories_segments, tree.categories_sizes, strict=True):
        chosen = tree.categories[segment : segment + size] if segment == start and size > 0 else []
        if not chosen or len(chosen) != size or not all(0 <= c < levels[tree.split_indices[node]] for c in chosen):
            return False
        start += size
    return start == len(tree.categories)


def _damaged(place: str) -> DamagedError:
    return DamagedError(
        Text(f"The stored churn model is damaged at `{place}`.", f"已存流失模型在 `{place}` 处损坏。"),
        Text("Train it again with `touchstone model train`.", "请用 `touchstone model train` 重新训练。"),
    )
