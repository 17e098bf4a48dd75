"""Importing files by a mapping: read, check, match, append once, say what became of every row."""

from engine.operations.importing.importer import import_files
from engine.operations.importing.mappings import ShippedMapping, list_mappings, load_mapping
from engine.operations.importing.receipt import ImportReceipt

__all__ = ["ImportReceipt", "ShippedMapping", "import_files", "list_mappings", "load_mapping"]
