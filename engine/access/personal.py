"""Personal data: which fields hold them, and how a value looks to whoever may not see it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

ALWAYS_PERSONAL: Final = frozenset(
    "name full_name first_name last_name nickname email mail phone mobile telephone tel fax wechat qq address street "
    "postcode postal_code zip_code birthday birth_date date_of_birth id_card id_number identity_number passport "
    "bank_account contact contact_name contact_person contact_phone contact_email ip_address".split()
)
"""Names of fields that are personal whatever a mapping says; others are marked `personal: true` in the mapping."""

_FIRST_CHINESE: Final = 0x2E80
"""From here on one character says as much as a syllable: what follows the first is one star."""


def is_personal(name: str, declared: Collection[str] = ()) -> bool:
    """Whether a field of this name holds personal data.

    Args:
        declared: Names that mappings marked as personal.

    >>> is_personal("email"), is_personal("employees"), is_personal("hobby", {"hobby"})
    (True, False, True)
    """
    return name.casefold() in ALWAYS_PERSONAL or name in declared


def mask(value: str) -> str:
    """A text cut down to its first character; of an address the provider is hidden too, of a number everything.

    >>> mask("王小明"), mask("anna@example.com"), mask("Wang Mei"), mask("13812345678")
    ('王*', 'a***@…', 'W***', '***')
    """
    text = value.strip()
    if not text or not text[0].isalpha():
        return "***"
    if "@" in text:
        return f"{text[0]}***@…"
    return text[0] + ("*" if ord(text[0]) >= _FIRST_CHINESE else "***")
