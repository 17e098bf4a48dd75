"""The two clocks of questions: the instant asked about, and what was known by when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

AsOf = Annotated[datetime | None, strawberry.argument(description="The instant asked about; null: now.")]
AsKnownAt = Annotated[
    datetime | None, strawberry.argument(description="Only what was recorded by then; null: all that is known.")
]
