"""Which model version answers: the one the alias `live` points at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import NotReadyError
from engine.store.tables import ModelAliasRow, ModelVersionRow
from engine.vocabulary import Text

CHURN = "churn"
LIVE = "live"


def live_version(session: Session) -> ModelVersionRow | None:
    """The live churn model, or None when none was trained."""
    query = (
        select(ModelVersionRow)
        .join(ModelAliasRow, ModelAliasRow.model_version_id == ModelVersionRow.id)  # type: ignore[arg-type]
        .where(ModelAliasRow.name == CHURN, ModelAliasRow.alias == LIVE)  # type: ignore[arg-type]
    )
    return session.execute(query).scalar_one_or_none()


def customers_by_digest(session: Session, versions: NDArray[np.int64]) -> dict[str, int]:
    """How many customers' predictions each model version made, by digest; the one of most customers first.

    Args:
        versions: (customers,) ids of model versions, −1: no prediction.
    """
    numbers, counts = np.unique(versions[versions >= 0], return_counts=True)
    query = select(ModelVersionRow.id, ModelVersionRow.digest)  # type: ignore[call-overload]
    chosen = query.where(ModelVersionRow.id.in_(numbers.tolist()))  # type: ignore[union-attr]
    digests: dict[int, str] = {number: digest for number, digest in session.execute(chosen)}  # noqa: C416
    found = zip(numbers.tolist(), counts.tolist(), strict=True)
    ordered = sorted(found, key=lambda one: (-one[1], -one[0]))
    return {digests[number]: count for number, count in ordered if number in digests}


def require_live_version(session: Session) -> ModelVersionRow:
    """The live churn model.

    Raises:
        NotReadyError: None was trained yet.
    """
    version = live_version(session)
    if version is None:
        raise NotReadyError(
            Text("There is no churn model yet.", "尚无流失模型。"),
            Text("Train one: touchstone model train --by NAME.", "请先训练：touchstone model train --by 名字。"),
        )
    return version
