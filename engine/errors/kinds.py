"""The exceptions; their tree is drawn in `engine.errors`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.errors.problems import Problem, Severity
from engine.vocabulary import Locale, Text


class TouchstoneError(Exception):
    """A fault with a sentence for people.

    Args:
        message: What is wrong, one sentence, both languages.
        hint: What to do about it.
        code: Stable, upper case; the GraphQL side maps it to `extensions.code` or a user error.
    """

    code = "INTERNAL"
    exit_status = 1

    def __init__(self, message: Text, hint: Text | None = None, code: str | None = None) -> None:
        super().__init__(message.en)
        self.message = message
        self.hint = hint or Text("")
        if code is not None:
            self.code = code

    def tell(self, locale: Locale) -> str:
        """Message and remedy in one language."""
        return _together(self.message, self.hint, locale)


def _together(message: Text, remedy: Text, locale: Locale) -> str:
    hint, text = remedy.within(locale), message.within(locale)
    between = "" if text.endswith("。") else " "  # a Chinese full stop brings its own room
    return f"{text}{between}{hint}" if hint else text


class InputError(TouchstoneError):
    """Wrong input or usage."""

    code = "BAD_USER_INPUT"
    exit_status = 2


class RuleBookError(InputError):
    """A rule folder with errors; carries every problem, ordered by place."""

    code = "RULE_PROBLEMS"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.place, problem.code)))
        errors = sum(problem.severity is Severity.ERROR for problem in self.problems)
        super().__init__(
            Text(f"The rule book has {errors} error(s).", f"规则文件有 {errors} 个错误。"),
            Text("`touchstone rules check` lists them.", "用 `touchstone rules check` 查看。"),
        )


@dataclass(frozen=True, slots=True)
class UserProblem:
    """One mistake in the input of an operation.

    Attributes:
        code: Stable, upper case, one of the GraphQL side's error codes.
        message: One sentence.
        path: The way to it in the input, e.g. `("records", "3", "customer")`; empty: the whole.
        hint: What to do; empty when nothing helps.
    """

    code: str
    message: Text
    path: tuple[str, ...] = ()
    hint: Text = field(default_factory=lambda: Text(""))

    def tell(self, locale: Locale) -> str:
        """Message and remedy in one language."""
        return _together(self.message, self.hint, locale)


class UserProblemsError(InputError):
    """Input with mistakes; carries every one, and speaks with the voice of the first. Nothing was written."""

    def __init__(self, problems: Sequence[UserProblem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        self.path = first.path
        super().__init__(first.message, first.hint, first.code)


class NotFoundError(InputError):
    """There is no such thing."""

    code = "NOT_FOUND"


class ConflictError(InputError):
    """The stored thing is not the one the caller had read."""

    code = "CONFLICT"


class ForbiddenError(InputError):
    """Whoever asks has no right to it; the sentence names the role needed."""

    code = "FORBIDDEN"


class UnauthenticatedError(InputError):
    """Nobody knows who asks: no token where one is needed, or one that does not count."""

    code = "UNAUTHENTICATED"


class NotReadyError(TouchstoneError):
    """No database, no published rules or no model; the hint says which command to run."""

    code = "NOT_READY"
    exit_status = 2


class OtherEngineError(NotReadyError):
    """A stored decision was made by an engine version that this code does not replay; `needed` names it."""

    def __init__(self, needed: str, here: str) -> None:
        self.needed = needed
        super().__init__(
            Text(
                f"This decision was made by engine {needed}; {here} cannot make it again.",
                f"该决定由引擎 {needed} 作出，{here} 无法重做。",
            ),
            Text(
                f"To explain or replay it, open the database with touchstone {needed}.",
                f"如需解释或重放，请用 touchstone {needed} 打开数据库。",
            ),
        )


class GoneError(TouchstoneError):
    """What was asked for was taken away on purpose; the sentence says what is left of it."""

    exit_status = 2


class ErasedError(GoneError):
    """A decision of an erased person."""

    code = "ERASED"


class NotKeptError(GoneError):
    """A decision whose facts were older than decisions are kept."""

    code = "NOT_KEPT"


class RevisionUnreadableError(NotReadyError):
    """A stored rule revision that was valid when it was published and that this code cannot link any more.

    Args:
        revision: Its content hash.
        problems: What this code's reader says of it.
    """

    code = "REVISION_UNREADABLE"

    def __init__(self, revision: str, problems: Sequence[Problem]) -> None:
        self.revision = revision
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(
            Text(
                f"Rule revision {revision} cannot be read by this version ({first.place}: {first.message.en})",
                f"本程序无法读取规则版本 {revision}（{first.place}：{first.message.zh}）",
            ),
            Text(
                "Its decisions are explained and replayed by the touchstone that published it; the others are not "
                "affected. If it is live, publish corrected rules.",
                "该版本的决定请用当时发布它的 touchstone 解释或重放，其他决定不受影响。"
                "如它正在生效，请发布改正后的规则。",
            ),
        )


class DamagedError(TouchstoneError):
    """Stored bytes do not fit their hash; the message names them."""

    code = "DAMAGED"


class DamagedDatabaseError(DamagedError):
    """What the settings name is damaged or no database at all: nothing can be read, so nothing was checked."""

    exit_status = 2


class CheckFailedError(TouchstoneError):
    """A check the user asked for found something."""

    code = "CHECK_FAILED"
