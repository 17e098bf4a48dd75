"""The settings and where they come from."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from engine.errors import InputError
from engine.vocabulary import Locale, Text


class LogLevel(StrEnum):
    """How much the server logs."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class AuthMode(StrEnum):
    """How callers of the server prove who they are."""

    OFF = "off"
    TOKENS = "tokens"
    OIDC = "oidc"
    BOTH = "both"


class Settings(BaseSettings):
    """What an operator can set; each field is the variable `TOUCHSTONE_` and its name in capitals.

    Attributes:
        database_url: `sqlite:///file.db` or `postgresql://user@host/name`.
        rules: Folder of the rule files people edit.
        models: Folder that model files and their cards are exported to and read from.
        actor: Who acts on the command line when `--by` is not given; empty: nobody, so it must be given.
        language: Language of messages when `--lang` is not given.
        host, port: Where the server listens; without authentication only loopback is allowed.
        log_level: How much the server logs.
        keep_decisions_days: How long facts and outcomes of decisions are kept, `touchstone data retain` removes older
            ones; none: for ever.
        objection_contact: To whom a customer writes who objects to a decision, as printed on its document; empty:
            nobody is named, and the document says so.
        signing_key: File of the key that signs checkpoints of the ledger; by default beside a SQLite database, made
            with the first checkpoint. On PostgreSQL none is signed until it is set.
        checkpoints: File that every checkpoint is appended to, outside the database; by default beside a SQLite
            database. Better on another machine's disk: it is what shows that a ledger was written anew.
        auth: How callers prove who they are: `off` (nobody has to; loopback only), `tokens` of ours, `oidc`, `both`.
        oidc_issuer, oidc_audience: What `iss` and `aud` of an OIDC token must be.
        oidc_jwks_url, oidc_jwks_file: Where its signing keys are; exactly one of the two.
        oidc_algorithms: Those accepted, between spaces; never HS… or none.
        oidc_leeway: Seconds its clock and ours may differ.
        oidc_actor_claim: The claim that names the actor.
        oidc_roles_claim: The claim with the roles, e.g. `realm_access.roles`; empty: roles are granted here.
    """

    model_config = SettingsConfigDict(
        env_prefix="TOUCHSTONE_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    database_url: str = "sqlite:///touchstone.db"
    rules: Path = Path("rules")
    models: Path = Path("models")
    actor: str = ""
    language: Locale = Locale.EN
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    log_level: LogLevel = LogLevel.INFO
    keep_decisions_days: int | None = Field(default=None, ge=1, le=36_500)
    objection_contact: str = ""
    signing_key: Path | None = None
    checkpoints: Path | None = None
    auth: AuthMode = AuthMode.OFF
    oidc_issuer: str = ""
    oidc_audience: str = ""
    oidc_jwks_url: str = ""
    oidc_jwks_file: Path | None = None
    oidc_algorithms: str = "RS256 ES256"
    oidc_leeway: int = Field(default=30, ge=0, le=300)
    oidc_actor_claim: str = "sub"
    oidc_roles_claim: str = ""


@cache
def load_settings() -> Settings:
    """Read the settings once; `load_settings.cache_clear()` makes the next call read them again.

    Raises:
        InputError: A variable with a value that cannot be; the message names each of them, never a value.
    """
    try:
        return Settings()
    except ValidationError as error:
        fields = sorted({str(problem["loc"][0]) for problem in error.errors(include_input=False)})
        told = [(f"TOUCHSTONE_{name.upper()}", _EXPECTED.get(name, _ANY)) for name in fields]
        raise _bad(
            Text("; ".join(f"{n}: {t.en}" for n, t in told), "；".join(f"{n}：{t.zh}" for n, t in told))
        ) from error
    except (SettingsError, UnicodeDecodeError) as error:
        raise _bad(
            Text(
                ".env: it cannot be read as UTF-8 text of NAME=value lines",
                ".env：无法读取，应为 UTF-8 文本，每行一个 名称=值",
            )
        ) from error


_ANY: Final = Text("a value that cannot be", "取值无效")
_EXPECTED: Final = {
    "port": Text("it must be a whole number from 0 to 65535", "必须是 0 到 65535 之间的整数"),
    "language": Text("it must be en or zh", "必须是 en 或 zh"),
    "log_level": Text("it must be debug, info, warning or error", "必须是 debug、info、warning 或 error"),
    "auth": Text("it must be off, tokens, oidc or both", "必须是 off、tokens、oidc 或 both"),
    "oidc_leeway": Text("it must be a whole number of seconds from 0 to 300", "必须是 0 到 300 之间的整数（秒）"),
    "keep_decisions_days": Text(
        "it must be a whole number of days from 1 to 36500", "必须是 1 到 36500 之间的整数（天）"
    ),
}
"""What a setting must be, by field; the others take any text."""


def _bad(said: Text) -> InputError:
    return InputError(
        Text(f"Wrong setting {said.en}.", f"设置有误：{said.zh}。"),
        Text("Correct it in the environment or in `.env`.", "请在环境变量或 `.env` 中改正。"),
    )
