"""The command line `touchstone`. Heavy parts are imported by the commands that use them, so help is quick."""

from engine.cli.program import main

__all__ = ["main"]
