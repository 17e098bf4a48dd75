"""Who acts, and where the server may listen without knowing who calls."""

from __future__ import annotations

import pytest

from engine.access import Actor, is_loopback, require_loopback
from engine.errors import InputError
from engine.vocabulary import Locale


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LocalHost"])
def test_this_machine_only_is_always_allowed(host: str) -> None:
    assert is_loopback(host)
    require_loopback(host, authenticated=False)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", " ", "10.0.0.5", "crm.example.com", "127.0.0.1.example.com", "1", "::ffff:10.0.0.1"]
)
def test_everything_else_needs_authentication(host: str) -> None:
    with pytest.raises(InputError) as raised:
        require_loopback(host, authenticated=False)
    assert "127.0.0.1" in raised.value.tell(Locale.ZH)
    require_loopback(host, authenticated=True)


@pytest.mark.parametrize("name", [None, "", "  ", "x" * 101, "two\nlines", "a\u202eb", "a\x00b"])
def test_a_name_that_cannot_stand_in_the_ledger_is_refused(name: str | None) -> None:
    with pytest.raises(InputError):
        Actor.named(name)


def test_a_name_is_kept_as_written() -> None:
    assert Actor.named(" 销售运营 ").name == "销售运营"
