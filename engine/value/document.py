"""A value model as a text that can be stored, hashed and read back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any, Final

from engine.errors import DamagedError
from engine.value.band import Band
from engine.value.bgnbd import BgNbd
from engine.value.frame import AsOf
from engine.value.lifetime import ValueModel
from engine.value.spend import GammaGamma, ShrunkenMean
from engine.vocabulary import Text

KIND: Final = "touchstone.value"
FORMAT: Final = 1


def value_document(model: ValueModel) -> tuple[str, str]:
    """The model as canonical JSON (sorted keys, no blanks), and its SHA-256 in hex."""
    body = {"kind": KIND, "format": FORMAT, "spend_kind": type(model.spend).__name__, **asdict(model)}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text, hashlib.sha256(text.encode()).hexdigest()


def read_value_document(text: str, digest: str) -> ValueModel:
    """Read a stored model back.

    Raises:
        DamagedError: The text does not have that digest, or is no value model of this format.
    """
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise _damaged("its bytes do not fit the digest", "内容与摘要不符")
    try:
        body: dict[str, Any] = json.loads(text)
        if body.pop("kind") != KIND or body.pop("format") != FORMAT:
            raise _damaged("it is not a value model this version can read", "不是此版本可读取的价值模型")
        kinds = {"GammaGamma": GammaGamma, "ShrunkenMean": ShrunkenMean}
        spend = kinds.get(body.pop("spend_kind"))
        body["as_of"] = AsOf(**body["as_of"])
        body["purchases"] = body["purchases"] and BgNbd(**body["purchases"])
        body["spend"] = spend(**body["spend"]) if spend else None
        body["band"] = body["band"] and _band(body["band"])
        return ValueModel(**body)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged("its structure is not that of a value model", "结构不是价值模型") from error


def _band(body: dict[str, Any]) -> Band:
    edges, low, high = (tuple(body.pop(name)) for name in ("edges", "low", "high"))
    return Band(edges=edges, low=low, high=high, **body)


def _damaged(en: str, zh: str) -> DamagedError:
    return DamagedError(
        Text(f"The stored value model cannot be used: {en}.", f"已存价值模型无法使用：{zh}。"),
        Text("Fit it again with `touchstone value fit`.", "请用 `touchstone value fit` 重新拟合。"),
    )
