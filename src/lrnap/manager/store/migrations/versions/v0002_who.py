"""Who wanted what, and which machine brought which node."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("nodes", sa.Column("joined", sa.Text(), nullable=False, server_default=""))
    op.add_column("history", sa.Column("who", sa.Text(), nullable=False, server_default=""))
    wanted = sa.text("who != ''")
    op.create_index("history_wanted", "history", ["id"], sqlite_where=wanted, postgresql_where=wanted)
