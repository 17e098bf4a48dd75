"""Collects the problems of a rule folder, in words of both languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from engine.errors import Place, Problem, Severity, closest
from engine.rulebook.strict.limits import LIMITS
from engine.rulebook.strict.width import plain_sign
from engine.rulebook.wording import WORDINGS
from engine.vocabulary import Text

_LISTED = 14


class Findings:
    """Problems found so far; reading goes on after each.

    Args:
        published: The files were published once, so checks that came later are not held against them.
    """

    def __init__(self, *, published: bool = False) -> None:
        self._published = published
        self.said = 0
        """How often something was reported, whether it was taken up or not."""
        self._problems: dict[tuple[Place, str, str], Problem] = {}
        self._counts: Counter[Severity] = Counter()

    def add(
        self,
        wording: str,
        place: Place,
        *,
        hint: Text | None = None,
        severity: Severity = Severity.ERROR,
        later: bool = False,
        **words: object,
    ) -> None:
        """Report a problem.

        Args:
            wording: Key of `WORDINGS`.
            place: Where it is.
            hint: A remedy for this very case; default: the wording's own.
            severity: How bad it is.
            later: Books were published before this was checked; reading goes on as it did then.
            words: What the wording's blanks are filled with; a `Text` is filled in by language.
        """
        self.said += 1
        if self._full(severity) or (later and self._published):
            return
        form = WORDINGS[wording]
        message = Text(_fill(form.en, words, "en"), _fill(form.zh, words, "zh"))
        remedy = hint or Text(_fill(form.hint_en, words, "en"), _fill(form.hint_zh, words, "zh"))
        self.extend([Problem(form.code, message, place, remedy, severity)])

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take over problems that others found; the same one at the same place counts once."""
        for problem in problems:
            key = problem.place, problem.code, problem.message.en
            if key not in self._problems and not self._full(problem.severity):
                self._problems[key] = problem
                self._counts[problem.severity] += 1

    def _full(self, severity: Severity) -> bool:
        """Enough are known; warnings never crowd out an error."""
        return self._counts[severity] >= LIMITS.problems

    def suggestion(self, word: str, vocabulary: Iterable[str]) -> Text:
        """Name the word somebody probably meant; after many problems only what may stand there."""
        return suggestion(word, vocabulary, search=self.suggesting)

    @property
    def suggesting(self) -> bool:
        """Looking for the word that was meant takes time: nobody reads fifty of them at once."""
        return len(self._problems) < LIMITS.suggested

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything found, by place."""
        return tuple(sorted(self._problems.values(), key=lambda problem: (problem.place, problem.code)))

    @property
    def failed(self) -> bool:
        """Some problem is an error."""
        return self._counts[Severity.ERROR] > 0

    def failed_in(self, file: str) -> bool:
        """Some problem of a file is an error."""
        return any(p.severity is Severity.ERROR and p.place.file == file for p in self._problems.values())


def suggestion(word: str, vocabulary: Iterable[str], *, search: bool = True) -> Text:
    """Name the word somebody probably meant, otherwise what may stand there."""
    words = list(dict.fromkeys(vocabulary))
    near = closest(word[:100], words) if search else None
    if near is not None and (len(word) > 1 or near.casefold() == word.casefold()):
        return _meant(word, near)
    if not words:
        return Text("Declare it first.", "请先声明。")
    more = len(words) > _LISTED
    listed = ", ".join(f"`{known}`" for known in words[:_LISTED])
    return Text(f"Possible: {listed}{', …' if more else ''}.", f"可以写：{listed}{' 等' if more else ''}。")


def _meant(word: str, near: str) -> Text:
    """Did you mean … ?, with the letter that only looks like another one named."""
    strange = next((letter for letter in word if not letter.isascii()), None)
    if strange is None or near.casefold() == word.casefold():
        return Text(f"Did you mean `{near}`?", f"是不是想写 `{near}`？")
    if plain_sign(strange) != strange:
        return Text(f"`{strange}` is a full-width character: write `{near}`.",
                    f"`{strange}` 是全角字符，请写成 `{near}`。")  # fmt: skip
    code = f"U+{ord(strange):04X}"
    return Text(
        f"Did you mean `{near}`? A letter only looks like it ({code}): type the word again.",
        f"是不是想写 `{near}`？其中有形似的字符（{code}），请重新输入。",
    )


def _fill(form: str, words: dict[str, object], language: str) -> str:
    """Fill the blanks of a wording, long words cut short."""
    texts = {name: getattr(word, language) if isinstance(word, Text) else str(word) for name, word in words.items()}
    said = form.format(**{name: _shown(text) for name, text in texts.items()})
    return said[:1].upper() + said[1:]


def _shown(text: str) -> str:
    """A word of a file as it can be printed: cut short, what cannot be seen written out."""
    short = text if len(text) <= 120 else f"{text[:117]}…"
    return short if short.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short)
