"""Global ids: read back, sorted by creation, nothing else accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.store.reading import Kind, global_id, read_id, read_number, read_subject, rulebook_id, subject_of

NUMBERS = st.integers(0, 2**63 - 1)
ROWS = st.sampled_from([kind for kind in Kind if kind is not Kind.RULEBOOK])


@given(ROWS, NUMBERS)
def test_an_id_reads_back(kind: Kind, number: int) -> None:
    assert read_id(global_id(kind, number)) == (kind, number)
    assert read_number(global_id(kind, number), kind) == number
    assert read_subject(subject_of(kind, number)) == (kind, number)


@given(ROWS, NUMBERS, NUMBERS)
def test_ids_sort_like_rows(kind: Kind, one: int, other: int) -> None:
    assert (global_id(kind, one) < global_id(kind, other)) == (one < other)


def test_a_rule_book_is_named_by_its_content() -> None:
    revision = "sha256:" + "0a" * 32
    assert read_id(rulebook_id(revision)) == (Kind.RULEBOOK, revision)


@given(st.text(max_size=20))
def test_no_text_is_taken_for_an_id_by_chance(text: str) -> None:
    with pytest.raises(InputError) as refused:
        read_id(text)
    assert refused.value.code == "BAD_ID"


@pytest.mark.parametrize(
    "text",
    [
        "cus_zzzzzzzzzzzzz",
        "cus_000000000000I",
        "xyz_0000000000001",
        "rbk_0000000000001",
        "cus_" + "0" * 64,
        "CUS_0000000000001",
    ],
)
def test_near_misses_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_id(text)


def test_an_id_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        read_number(global_id(Kind.TASK, 1), Kind.RUN)
    assert refused.value.code == "BAD_ID"
