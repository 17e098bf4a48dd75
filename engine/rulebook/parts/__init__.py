"""Readers of the parts of a rule book, one module for each kind of thing."""
