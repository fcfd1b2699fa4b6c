"""Text that every database can store."""

from unicodedata import category, normalize
from unicodedata import name as sign_name

from pydantic import AfterValidator, Field, SecretStr

_LONGEST_NAME = 64

NO_NUL = Field(pattern=r"^[^\x00]*$")
"""PostgreSQL refuses NUL in text, so the schema answers 422."""


def _encodable(secret: SecretStr) -> SecretStr:
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("half a character, a lone surrogate, is no text") from None
    return secret


_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
"""Those whose letters look like letters of others of them."""


def plain_name(name: str) -> str:
    """A name as it is kept and compared: without regard to case, width, and how its accents are written.

    Raises ValueError for one that looks like another: with letters of two alphabets, or signs that nobody sees.
    """
    plain = normalize("NFKC", normalize("NFKC", name).casefold())
    if any(category(sign) in ("Cc", "Cf", "Cn", "Co", "Zs", "Zl", "Zp") for sign in plain):
        raise ValueError("a name has no spaces, and no signs that nobody sees")
    if len(_ALPHABETS & {sign_name(sign, "").partition(" ")[0] for sign in plain}) > 1:
        raise ValueError("a name has letters of one alphabet")
    if len(plain) > _LONGEST_NAME:
        raise ValueError(f"a name has {_LONGEST_NAME} letters at most")
    return plain


ENCODABLE = AfterValidator(_encodable)
"""JSON can hold half a character, which pydantic refuses in text, but not in secrets."""
