"""Running commands: mistakes a caller can correct become user errors, everything else is a fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.errors import InputError, Place, Problem, RuleBookError, Severity, UserProblem, UserProblemsError
from engine.vocabulary import Locale
from schema.context import Info, in_thread
from schema.error_codes import ErrorCode

V = TypeVar("V")


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


async def attempt(info: Info, command: Callable[[], V]) -> V | Refused:
    """Run a command in a worker thread.

    Raises:
        TouchstoneError: Not ready, damaged, or something else the caller cannot correct.
    """
    try:
        done = await in_thread(command)
    except InputError as error:
        return Refused(refusals(error, info.context.locale))
    finally:
        info.context.forget()
    return done


def refusals(error: InputError, locale: Locale) -> list[UserErrorSource]:
    """The user errors of a refusal: one, or one for each problem of a rule book."""
    if isinstance(error, RuleBookError):
        return [_of_problem(problem, locale) for problem in error.problems if problem.severity is Severity.ERROR]
    if isinstance(error, UserProblemsError):
        return [_of_input(problem, locale) for problem in error.problems]
    hint = error.hint.within(locale) or None
    return [UserErrorSource(user_code(error.code), error.message.within(locale), (), None, hint)]


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
