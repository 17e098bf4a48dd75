"""Collects the problems of a rule folder, in words of both languages."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import Place, Problem, Severity, closest
from engine.rulebook.strict.limits import LIMITS
from engine.rulebook.wording import WORDINGS
from engine.vocabulary import Text

_LISTED = 14


class Findings:
    """Problems found so far; reading goes on after each."""

    def __init__(self) -> None:
        self._problems: dict[tuple[Place, str, str], Problem] = {}

    def add(
        self,
        wording: str,
        place: Place,
        *,
        hint: Text | None = None,
        severity: Severity = Severity.ERROR,
        **words: object,
    ) -> None:
        """Report a problem.

        Args:
            wording: Key of `WORDINGS`.
            place: Where it is.
            hint: A remedy for this very case; default: the wording's own.
            severity: How bad it is.
            words: What the wording's blanks are filled with; a `Text` is filled in by language.
        """
        form = WORDINGS[wording]
        message = Text(_fill(form.en, words, "en"), _fill(form.zh, words, "zh"))
        remedy = hint or Text(_fill(form.hint_en, words, "en"), _fill(form.hint_zh, words, "zh"))
        self.extend([Problem(form.code, message, place, remedy, severity)])

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take over problems that others found; the same one at the same place counts once."""
        for problem in problems:
            if len(self._problems) < LIMITS.problems:
                self._problems.setdefault((problem.place, problem.code, problem.message.en), problem)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything found, by place."""
        return tuple(sorted(self._problems.values(), key=lambda problem: (problem.place, problem.code)))

    @property
    def failed(self) -> bool:
        """Some problem is an error."""
        return any(problem.severity is Severity.ERROR for problem in self._problems.values())

    def failed_in(self, file: str) -> bool:
        """Some problem of a file is an error."""
        return any(p.severity is Severity.ERROR and p.place.file == file for p in self._problems.values())


def suggestion(word: str, vocabulary: Iterable[str]) -> Text:
    """Name the word somebody probably meant, otherwise what may stand there."""
    words = list(dict.fromkeys(vocabulary))
    near = closest(word[:100], words)
    if near is not None and (len(word) > 1 or near.casefold() == word.casefold()):
        return Text(f"Did you mean `{near}`?", f"是不是想写 `{near}`？")
    if not words:
        return Text("Declare it first.", "请先声明。")
    more = len(words) > _LISTED
    listed = ", ".join(f"`{known}`" for known in words[:_LISTED])
    return Text(f"Possible: {listed}{', …' if more else ''}.", f"可以写：{listed}{' 等' if more else ''}。")


def _fill(form: str, words: dict[str, object], language: str) -> str:
    """Fill the blanks of a wording, long words cut short."""
    texts = {name: getattr(word, language) if isinstance(word, Text) else str(word) for name, word in words.items()}
    said = form.format(**{name: text if len(text) <= 120 else f"{text[:117]}…" for name, text in texts.items()})
    return said[:1].upper() + said[1:]
