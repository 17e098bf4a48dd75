"""The customers that README and checks call by name: ordinary records, chosen fates.

Only what they are like is set here. What the rule books make of them comes from their records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from engine.cli.demo.business_company import Company
from engine.cli.demo.business_people import Member

COMPANY_CHARACTERS: Final[Mapping[str, Mapping[str, Any]]] = {}
MEMBER_CHARACTERS: Final[Mapping[str, Mapping[str, Any]]] = {}

_Customer = TypeVar("_Customer", Company, Member)


def as_cast(customer: _Customer) -> _Customer:
    """The customer with what its role asks for; most have none and stay as drawn."""
    role = COMPANY_CHARACTERS.get(customer.key) or MEMBER_CHARACTERS.get(customer.key)
    return replace(customer, **role) if role else customer
