"""Which consents the campaigns of a book ask for."""

from __future__ import annotations

from engine.campaigns.model import Campaigns


def consent_names(campaigns: Campaigns) -> tuple[str, ...]:
    """The consent purposes of the triggers' channels, sorted, each once; bit i of a customer's consents is the i-th."""
    return tuple(sorted({t.channel.consent for t in campaigns.triggers if t.channel.consent is not None}))
