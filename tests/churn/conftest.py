"""One generated business and one model trained on it, for all tests of churn."""

from __future__ import annotations

import pytest

from engine.churn import TrainedModel, train
from engine.value import EventFrame
from tests.churn.business import AS_OF, ZONE, business


@pytest.fixture(scope="session")
def frame() -> EventFrame:
    return business()


@pytest.fixture(scope="session")
def trained(frame: EventFrame) -> TrainedModel:
    return train(frame, AS_OF, ZONE)
