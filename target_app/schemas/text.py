"""Text that every database can store."""

from pydantic import Field

NO_NUL = Field(pattern=r"^[^\x00]*$")
"""PostgreSQL refuses NUL in text, so the schema answers 422."""
