"""Text that every database can keep."""

from pydantic import Field

NO_NUL = Field(pattern=r"^[^\x00]*$")
"""PostgreSQL refuses NUL in text; a client hears about it as a 422."""
