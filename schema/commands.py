"""Running commands: mistakes a caller can correct become user errors, everything else is a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from engine.errors import InputError, Place, Problem, RuleBookError, Severity, UserProblem, UserProblemsError
from engine.vocabulary import Locale, Text
from schema.context import Info
from schema.deadlines import in_thread
from schema.error_codes import ErrorCode

V = TypeVar("V")

_EVERYWHERE: Final = {"IDEMPOTENCY_MISMATCH": "idempotencyKey"}


@dataclass(frozen=True, slots=True)
class UserErrorSource:
    """Source of `UserError`."""

    code: ErrorCode
    message: str
    path: tuple[str, ...] = ()
    place: Place | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """What a command was refused for."""

    errors: list[UserErrorSource]


@dataclass(frozen=True, slots=True)
class Payload:
    """Source of every payload: the thing under its name, or user errors."""

    user_errors: list[UserErrorSource] = field(default_factory=list)
    things: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return self.things.get(name)


async def attempt(info: Info, command: Callable[[], V], places: Mapping[str, str] | None = None) -> V | Refused:
    """Run a command in a worker thread.

    Args:
        places: The part of the input that a code is about, where the engine names none.

    Raises:
        TouchstoneError: Not ready, damaged, or something else the caller cannot correct.
    """
    try:
        done = await in_thread(command)
    except InputError as error:
        return Refused(refusals(error, info.context.locale, places or {}))
    finally:
        info.context.forget()
    return done


def refusals(error: InputError, locale: Locale, places: Mapping[str, str]) -> list[UserErrorSource]:
    """The user errors of a refusal: one, or one for each problem of a rule book or an input."""
    if isinstance(error, RuleBookError):
        return [_of_problem(problem, locale) for problem in error.problems if problem.severity is Severity.ERROR]
    if isinstance(error, UserProblemsError):
        return [_of_input(problem, locale) for problem in error.problems]
    part = {**places, **_EVERYWHERE}.get(error.code)
    hint = _fill(part) if error.code == "REQUIRED" and part is not None else error.hint
    path = () if part is None else (part,)
    return [
        UserErrorSource(user_code(error.code), error.message.within(locale), path, None, hint.within(locale) or None)
    ]


def _fill(part: str) -> Text:
    """The remedy for something left out; the engine's own speaks of options of the command line."""
    return Text(f"Fill in `{part}`.", f"请填写 `{part}`。")


def _of_input(problem: UserProblem, locale: Locale) -> UserErrorSource:
    hint = problem.hint.within(locale) or None
    return UserErrorSource(user_code(problem.code), problem.message.within(locale), problem.path, None, hint)


def _of_problem(problem: Problem, locale: Locale) -> UserErrorSource:
    hint = problem.hint.within(locale) or None
    return UserErrorSource(user_code(problem.code), problem.message.within(locale), ("files",), problem.place, hint)


def user_code(code: str) -> ErrorCode:
    """A code of the closed list; what is not on it is INVALID."""
    if code == "BUSY":
        return ErrorCode.CONFLICT
    return ErrorCode(code) if code in frozenset(ErrorCode) else ErrorCode.INVALID


def refuse(code: ErrorCode, message: str, path: Sequence[str] = (), hint: str | None = None) -> Payload:
    """A payload that refuses."""
    return Payload([UserErrorSource(code, message, tuple(path), None, hint)])
