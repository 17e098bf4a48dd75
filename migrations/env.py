"""Runs migrations on the connection `engine.store.upgrade` hands in, inside its transaction."""

from alembic import context
from sqlmodel import SQLModel

import engine.store.tables  # noqa: F401  (declares the tables)

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
