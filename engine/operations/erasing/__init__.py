"""Taking away on purpose: a person with everything about it, and decisions older than they are kept."""

from engine.operations.erasing.forgetting import Forgotten, forget_customer
from engine.operations.erasing.holdings import BY_CUSTOMER, OTHERWISE
from engine.operations.erasing.retaining import Retained, retain

__all__ = ["BY_CUSTOMER", "OTHERWISE", "Forgotten", "Retained", "forget_customer", "retain"]
