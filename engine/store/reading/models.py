"""Model versions, their names, and stored predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of, selected
from engine.store.reading.pages import Listing, Page, Slice, Sort, read_page
from engine.store.reading.views import ModelVersionView, PredictionView
from engine.store.tables import ModelAliasRow, ModelVersionRow, PredictionRow

_version, _alias, _prediction = columns_of(ModelVersionRow), columns_of(ModelAliasRow), columns_of(PredictionRow)


def model_versions_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, ModelVersionView]:
    """Model versions by row number."""
    query = selected(ModelVersionRow, ModelVersionView).where(_version["id"].in_(ids))
    return {row[0]: ModelVersionView(*row) for row in session.execute(query)}


def model_versions_by_digests(session: Session, digests: Sequence[str]) -> Mapping[str, ModelVersionView]:
    """Model versions by digest."""
    query = selected(ModelVersionRow, ModelVersionView).where(_version["digest"].in_(digests))
    return {row[2]: ModelVersionView(*row) for row in session.execute(query)}


def model_versions_page(session: Session, slice_: Slice, name: str = "churn") -> Page[ModelVersionView]:
    """A page of the versions of one model, newest first."""
    query = selected(ModelVersionRow, ModelVersionView).where(_version["name"] == name)
    return read_page(session, Listing(query, (Sort(_version["id"], True),), ModelVersionView), slice_)


def aliases_by_versions(session: Session, ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """The names that point at each model version."""
    found: dict[int, list[str]] = {number: [] for number in ids}
    query = select(_alias["model_version_id"], _alias["alias"]).where(_alias["model_version_id"].in_(ids))
    for number, alias in session.execute(query.order_by(_alias["alias"])):
        found[number].append(alias)
    return {number: tuple(names) for number, names in found.items()}


def has_live_model(session: Session) -> bool:
    """Some model version is named `live`."""
    query = select(_alias["alias"]).where(_alias["alias"] == "live").limit(1)
    return session.execute(query).first() is not None


def latest_predictions(
    session: Session,
    customers: Sequence[int],
    name: str,
    as_of: datetime | None = None,
    as_known_at: datetime | None = None,
) -> Mapping[int, PredictionView]:
    """The latest prediction of each customer by one model name; without one the customer is not there.

    Args:
        as_of: Made at or before this instant; None: whenever.
        as_known_at: Only what was recorded by then; None: all that is known.
    """
    newest = (_prediction["as_of"].desc(), _prediction["recorded_at"].desc(), _prediction["id"].desc())
    place = func.row_number().over(partition_by=_prediction["customer_id"], order_by=newest).label("place")
    query = selected(PredictionRow, PredictionView).where(_prediction["name"] == name)
    query = query.where(_prediction["customer_id"].in_(customers))
    if as_of is not None:
        query = query.where(_prediction["as_of"] <= as_of)
    if as_known_at is not None:
        query = query.where(_prediction["recorded_at"] <= as_known_at)
    columns = list(query.add_columns(place).subquery().c)
    rows = session.execute(select(*columns[:-1]).where(columns[-1] == 1))
    return {row[0]: PredictionView(*row) for row in rows}


def prediction_statuses(session: Session, ids: Sequence[int]) -> Mapping[int, tuple[tuple[str, int], ...]]:
    """(status, customers) of the predictions each model version made last."""
    version, as_of = _prediction["model_version_id"], _prediction["as_of"]
    last = select(version.label("version"), func.max(as_of).label("as_of")).where(version.in_(ids))
    latest = last.group_by(version).subquery()
    keys = (version, _prediction["status"])
    query = select(*keys, func.count()).join(latest, (latest.c.version == version) & (latest.c.as_of == as_of))
    found: dict[int, list[tuple[str, int]]] = {number: [] for number in ids}
    for number, status, customers in session.execute(query.group_by(*keys).order_by(_prediction["status"])):
        found[number].append((status, customers))
    return {number: tuple(shares) for number, shares in found.items()}
