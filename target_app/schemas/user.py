"""Users, tokens and API keys on the wire."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from target_app.schemas.text import ENCODABLE, NO_NUL, plain_name

Username = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f]+$"), AfterValidator(plain_name)
]
NewPassword = Annotated[SecretStr, Field(min_length=8, max_length=128), ENCODABLE]
KeyName = Annotated[str, Field(min_length=1, max_length=100), NO_NUL]


class UserCreate(BaseModel):
    """Somebody who wants to be known by a name, in which case makes no difference, and a password."""

    model_config = ConfigDict(extra="forbid")

    username: Username
    password: NewPassword


class UserPublic(BaseModel):
    """A user, as they see themselves."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    username: str


class Login(BaseModel):
    """OAuth2's form of a user who logs in; the fields that it has for others are let be."""

    username: Annotated[str, Field(max_length=64), NO_NUL]
    password: Annotated[SecretStr, Field(max_length=128), ENCODABLE]
    grant_type: Literal["password"] = "password"


class Token(BaseModel):
    """A token, and how long it lives."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int


class ApiKeyCreate(BaseModel):
    """A name to know a key by."""

    model_config = ConfigDict(extra="forbid")

    name: KeyName


class ApiKeyPublic(BaseModel):
    """A key, without what makes it one."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str


class ApiKeyCreated(ApiKeyPublic):
    """A new key, shown this once."""

    key: str
