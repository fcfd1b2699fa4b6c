"""Text that every database can store."""

from pydantic import AfterValidator, Field, SecretStr

NO_NUL = Field(pattern=r"^[^\x00]*$")
"""PostgreSQL refuses NUL in text, so the schema answers 422."""


def _encodable(secret: SecretStr) -> SecretStr:
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("half a character, a lone surrogate, is no text") from None
    return secret


ENCODABLE = AfterValidator(_encodable)
"""JSON can hold half a character, which pydantic refuses in text, but not in secrets."""
