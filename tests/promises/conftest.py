"""The shops of the operations' tests, for promises that are about what is stored."""

from tests.operations.conftest import (
    _crowded_file,
    _postgres_shop,
    crowded,
    crowded_url,
    opened_file,
    postgres_shop_url,
    shop,
    shop_url,
)

__all__ = [
    "_crowded_file",
    "_postgres_shop",
    "crowded",
    "crowded_url",
    "opened_file",
    "postgres_shop_url",
    "shop",
    "shop_url",
]
