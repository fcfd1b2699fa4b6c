"""Reports know until when they may be pending: a worker that is killed leaves them so for ever."""

from typing import Literal

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the deadline; SQLite copies the table, as it adds columns behind the constraints only."""
    recreate: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("reports", recreate=recreate) as table:
        table.add_column(sa.Column("deadline_s", sa.Double(), nullable=True))


def downgrade() -> None:
    """Remove it."""
    with op.batch_alter_table("reports") as table:
        table.drop_column("deadline_s")
