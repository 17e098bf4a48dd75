"""Which model version answers: the one the alias `live` points at."""

from __future__ import annotations

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


def live_digest(session: Session) -> str | None:
    """Digest of the live churn model, without reading its body."""
    query = (
        select(ModelVersionRow.digest)  # type: ignore[call-overload]
        .join(ModelAliasRow, ModelAliasRow.model_version_id == ModelVersionRow.id)
        .where(ModelAliasRow.name == CHURN, ModelAliasRow.alias == LIVE)
    )
    found: str | None = session.execute(query).scalar_one_or_none()
    return found


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
