"""The history of the tables, for Alembic: `alembic upgrade head` makes them where APP_DATABASE_URL points."""
