"""The schema's history, run by Alembic, forward only; inside the package so that an installed wheel can create a database."""
