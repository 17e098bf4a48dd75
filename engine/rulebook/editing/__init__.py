"""What editors need to complete and check rule files: JSON Schema, made of what the readers ask for."""

from engine.rulebook.editing.schemas import (
    FOLDER,
    file_schemas,
    schema_files,
    schema_name,
    schema_text,
    whole_schema,
)

__all__ = ["FOLDER", "file_schemas", "schema_files", "schema_name", "schema_text", "whole_schema"]
