"""The matrix is complete, denies what it does not name, and keeps apart what must not meet."""

from __future__ import annotations

from itertools import combinations

import pytest

from engine.access import (
    EXCLUSIVE,
    MATRIX,
    PERMISSION_TEXTS,
    Caller,
    Permission,
    Role,
    mask,
    permissions_of,
    read_roles,
    refuse_exclusive,
    refuse_own,
)
from engine.errors import ForbiddenError, InputError
from engine.vocabulary import Locale


def test_every_permission_has_roles_and_words_and_every_role_a_permission() -> None:
    assert set(MATRIX) == set(PERMISSION_TEXTS) == set(Permission)
    assert all(MATRIX.values())
    assert all(permissions_of([role]) for role in Role)
    assert permissions_of([]) == frozenset()


def test_no_single_role_makes_and_judges_and_grants() -> None:
    for role in Role:
        held = permissions_of([role])
        assert not {Permission.PROPOSE, Permission.APPROVE} <= held
        assert not {Permission.ADMINISTER, Permission.AUDIT} <= held
        assert not ({Permission.ADMINISTER} <= held and held & {Permission.PROPOSE, Permission.APPROVE})


@pytest.mark.parametrize("pair", list(combinations(Role, 2)))
def test_exclusive_pairs_are_refused_and_no_others(pair: tuple[Role, Role]) -> None:
    if frozenset(pair) in EXCLUSIVE:
        with pytest.raises(InputError) as refused:
            refuse_exclusive([*pair, Role.VIEWER])
        assert "不能同时" in refused.value.tell(Locale.ZH)
    else:
        refuse_exclusive(pair)


def test_a_refusal_names_the_roles_that_could() -> None:
    caller = Caller("mei", frozenset({Role.VIEWER}))
    caller.require(Permission.READ)
    with pytest.raises(ForbiddenError, match="role author or operator") as refused:
        caller.require(Permission.PUBLISH)
    assert refused.value.code == "FORBIDDEN"
    assert "author 或 operator" in refused.value.tell(Locale.ZH)
    with pytest.raises(ForbiddenError):
        Caller.nobody().require(Permission.READ)


@pytest.mark.parametrize(("author", "approver"), [("mei", "mei"), ("mei", "MEI"), ("mei", " mei ")])
def test_nobody_approves_their_own(author: str, approver: str) -> None:
    with pytest.raises(InputError) as refused:
        refuse_own(author, approver)
    assert refused.value.code == "FOUR_EYES"
    refuse_own(author, "li")


def test_role_names_are_read_in_any_case_and_others_refused() -> None:
    assert read_roles(["Viewer", " AUDITOR "]) == {Role.VIEWER, Role.AUDITOR}
    with pytest.raises(InputError, match="no role 'root'"):
        read_roles(["root"])


@pytest.mark.parametrize("name", ["王小明", "anna@example.com", "Wang Mei", "13812345678", " ", "12 High Street"])
def test_a_mask_shows_one_letter_at_most(name: str) -> None:
    masked = mask(name)
    assert masked != name.strip()
    shown = [letter for letter in masked if letter not in "*@…"]
    assert len(shown) <= 1
    assert shown == [] or shown == [name.strip()[0]]
