"""A trained model as one canonical JSON text: what it is, how it was made, and everything to predict with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from engine.churn.baselines import Baselines, Regression
from engine.churn.catalogue import FEATURES
from engine.churn.features import Base, Category, Layout
from engine.churn.logistic import Line
from engine.churn.settings import BASELINES, MODEL, ChurnSettings
from engine.churn.structure import check_trees
from engine.errors import DamagedError
from engine.value import AsOf, BgNbd
from engine.vocabulary import Text

KIND: Final = "touchstone.churn"
FORMAT: Final = 1
MAX_BYTES: Final = 32_000_000


@dataclass(frozen=True, slots=True)
class Trees:
    """Boosted trees with their calibration, and the matrix they were trained on.

    Attributes:
        body: XGBoost's JSON.
        calibration: Line from margins to calibrated log-odds.
        parameters: As handed to XGBoost.
    """

    body: dict[str, Any]
    calibration: Line
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """Everything a prediction needs.

    Attributes:
        answers: Who answers: `xgboost`, or the baseline that won.
        trees: None: there were too few events to train any.
        matrix: `rows`, `columns`, `churners` (rows), `sha256` of the training matrix.
    """

    settings: ChurnSettings
    trained_at: AsOf
    cut_offs: tuple[AsOf, ...]
    layout: Layout
    base: Base
    baselines: Baselines
    answers: str
    trees: Trees | None
    matrix: dict[str, Any]


def write_document(document: Document) -> tuple[str, str]:
    """The document as canonical JSON (sorted keys, no blanks, finite numbers) and its SHA-256 in hex."""
    body = {"kind": KIND, "format": FORMAT, **asdict(document), "monotone": document.layout.monotone}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text, digest_of(text)


def digest_of(text: str) -> str:
    """SHA-256 of a stored document, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_document(text: str, digest: str | None = None) -> Document:
    """Read a stored document; digest first, then structure, then the trees node by node.

    Args:
        digest: What the ledger says it is; None: not compared.

    Raises:
        DamagedError: Another digest, another format, or anything out of its place.
    """
    if digest is not None and digest_of(text) != digest:
        raise _damaged("its bytes do not fit the digest", "内容与摘要不符")
    if len(text) > MAX_BYTES:
        raise _damaged("it is far too large", "文件过大")
    try:
        body = json.loads(text)
        document = _parse(body)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _damaged("its structure is not that of a churn model", "结构不是流失模型") from error
    _check(document, body)
    if document.trees is not None:
        check_trees(document.trees.body, document.layout)
    return document


def _parse(body: dict[str, Any]) -> Document:
    if body["kind"] != KIND or body["format"] != FORMAT:
        raise ValueError("kind or format")
    base, baselines, trees, layout = body["base"], body["baselines"], body["trees"], body["layout"]
    regression = baselines["regression"]
    return Document(
        settings=ChurnSettings(**body["settings"]),
        trained_at=AsOf(**body["trained_at"]),
        cut_offs=tuple(AsOf(**cut_off) for cut_off in body["cut_offs"]),
        layout=Layout(
            tuple(layout["numbers"]),
            tuple(Category(category["name"], tuple(category["levels"])) for category in layout["categories"]),
        ),
        base=Base(float(base["usual_gap"]), base["purchases"] and BgNbd(**base["purchases"])),
        baselines=Baselines(
            float(baselines["base_rate"]),
            Line(**baselines["recency"]),
            regression and Regression(*(tuple(regression[name]) for name in ("weights", "means", "widths"))),
            baselines["bg_nbd"] and Line(**baselines["bg_nbd"]),
        ),
        answers=body["answers"],
        trees=trees and Trees(trees["body"], Line(**trees["calibration"]), trees["parameters"]),
        matrix=body["matrix"],
    )


def _check(document: Document, body: dict[str, Any]) -> None:
    layout, regression, trees = document.layout, document.baselines.regression, document.trees
    known = tuple(name for name in FEATURES if name in layout.numbers)
    columns = len(layout.numbers) + sum(len(category.levels) for category in layout.categories)
    numbers = _numbers(asdict(document.base), asdict(document.baselines), trees.calibration if trees else None)
    sound = (
        document.layout.numbers == known
        and {"days_since_purchase", "silence_expected"} <= set(known)
        and body["monotone"] == list(layout.monotone)
        and document.answers in (MODEL, *BASELINES)
        and (document.answers != MODEL or document.trees is not None)
        and (regression is None or len(regression.weights) == columns + 1)
        and (regression is None or len(regression.means) == len(regression.widths) == len(known))
        and all(isinstance(number, (int, float)) and abs(number) < 1e30 for number in numbers)
        and json.dumps(body, sort_keys=True, separators=(",", ":")) == write_document(document)[0]
    )
    if not sound:
        raise _damaged("its parts do not fit together", "各部分不一致")


def _numbers(base: dict[str, Any], baselines: dict[str, Any], calibration: Line | None) -> list[Any]:
    """Every number a prediction multiplies with."""
    parts = [base["usual_gap"], baselines["base_rate"], *baselines["recency"].values()]
    for part in (baselines["bg_nbd"], base["purchases"], None if calibration is None else asdict(calibration)):
        parts += [] if part is None else list(part.values())
    for column in (baselines["regression"] or {}).values():
        parts += column
    return parts


def _damaged(en: str, zh: str) -> DamagedError:
    return DamagedError(
        Text(f"The stored churn model cannot be used: {en}.", f"已存流失模型无法使用：{zh}。"),
        Text("Train it again with `touchstone model train`.", "请用 `touchstone model train` 重新训练。"),
    )
