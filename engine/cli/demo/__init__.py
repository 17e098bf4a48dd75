"""The demo: a seeded business, imported and decided by the real path."""

from engine.cli.demo.business import generate

__all__ = ["generate"]
