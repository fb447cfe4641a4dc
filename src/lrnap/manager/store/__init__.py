"""Where the manager's rows live: one SQLAlchemy schema on SQLite or PostgreSQL, migrated by Alembic."""

from lrnap.manager.store.store import Store

__all__ = ["Store"]
