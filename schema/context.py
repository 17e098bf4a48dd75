"""What a request carries: who asks, in which language, and one loader per question asked of the store.

Sessions are synchronous and short. What fields ask for in one tick is read together, in one read session in a worker
thread: one snapshot, one hop, and never two threads on one session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

import strawberry
from sqlalchemy.orm import Session
from strawberry.dataloader import DataLoader

from engine.access import Caller, Permission
from engine.errors import DamagedError, RevisionUnreadableError, TouchstoneError
from engine.operations.authenticating import Gate
from engine.operations.personal import PersonalRead
from engine.operations.publishing import book_of, live_change, require_live_book
from engine.rulebook import Book
from engine.store import Database
from engine.vocabulary import Locale
from schema import deadlines
from schema.budgets import Budgets
from schema.deadlines import in_thread

V = TypeVar("V")

LARGEST_BATCH: Final = 1000
"""Keys in one statement; both engines take that many parameters."""
MOST_BOOKS: Final = 32


@dataclass(frozen=True, slots=True)
class Services:
    """What requests share.

    Attributes:
        now: The clock.
        actor: Who acts as long as nobody has to prove who they are; None: somebody who proved it, or nobody.
        background: Tasks that outlive their request; kept so that they are not collected.
        gate: What counts as proof of who calls.
        books: Rule books by revision; a revision is its content, so what was read once stays true.
        budgets: What actors may still ask for.
        deadline: Seconds a query may run; None: as `schema.deadlines` says.
        checkpoints: File of checkpoints kept outside the database; None: there is none.
    """

    database: Database
    now: Callable[[], datetime]
    actor: str | None
    gate: Gate = field(default_factory=Gate)
    background: set[asyncio.Task[Any]] = field(default_factory=set)
    books: dict[str, Book] = field(default_factory=dict)
    checkpoints: Path | None = None
    budgets: Budgets = field(default_factory=Budgets)
    deadline: float | None = None

    def unproven(self) -> Caller:
        """Who a caller without proof is."""
        return Caller.nobody() if self.actor is None else Caller.on_this_machine(self.actor)


@dataclass(frozen=True, slots=True)
class OneBook:
    """A rule book as the key of a loader: two of the same revision are the same."""

    revision: str
    book: Book = field(compare=False, repr=False)

    @staticmethod
    def of(book: Book) -> OneBook:
        """The key of a book."""
        return OneBook(book.revision, book)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question to the store, and where its answer goes."""

    question: Callable[[Session], Any]
    answer: asyncio.Future[Any]


@dataclass(slots=True)
class Context:
    """One request, or one websocket connection (which keeps nothing it has loaded).

    Attributes:
        proven: Who asks, as they proved; None: nobody had to prove anything, or nobody could.
        renewal: On a connection that stays open: asks again who that is.
        personal_reads: Personal data the answer will show, to be put on record before it leaves.
        refused: What was not allowed, logged once each.
    """

    services: Services
    locale: Locale
    request_id: str
    keeps: bool = True
    connection_params: dict[str, object] | None = None
    proven: Caller | None = None
    renewal: Callable[[], Awaitable[Caller]] | None = None
    personal_reads: list[PersonalRead] = field(default_factory=list)
    refused: set[Permission] = field(default_factory=set)
    _now: datetime | None = None
    _loaders: dict[object, DataLoader[Any, Any]] = field(default_factory=dict)
    _waiting: list[_Asked] = field(default_factory=list)

    @property
    def caller(self) -> Caller:
        """Who asks, and what they may do."""
        return self.proven or self.services.unproven()

    @property
    def actor(self) -> str:
        """Who acts."""
        return self.caller.name

    async def renew(self) -> None:
        """Ask again who it is, where the connection stays open.

        Raises:
            UnauthenticatedError: What was shown as proof no longer counts.
        """
        if self.renewal is not None:
            self.proven = await self.renewal()

    @property
    def now(self) -> datetime:
        """The instant of the request: the same for all its fields (a connection's runs on)."""
        if self._now is None or not self.keeps:
            self._now = self.services.now()
        return self._now

    def in_locale(self, asked: Locale | None) -> Locale:
        """The language asked for in the field, else the request's."""
        return asked or self.locale

    async def read(self, question: Callable[[Session], V]) -> V:
        """Ask one question; everything asked in one tick is answered from one read session."""
        loop = asyncio.get_running_loop()
        asked = _Asked(question, loop.create_future())
        self._waiting.append(asked)
        if len(self._waiting) == 1:
            loop.call_soon(self._read_together)
        answer: V = await asked.answer
        return answer

    def _read_together(self) -> None:
        asked, self._waiting = self._waiting, []
        reading = asyncio.ensure_future(_answer(self.services.database, asked))
        self.services.background.add(reading)
        reading.add_done_callback(self.services.background.discard)

    def load(self, question: Callable[..., Mapping[Any, V]], key: object, *given: object) -> Awaitable[V | None]:
        """Ask a question for many keys; everything asked in one tick goes into one statement.

        The answer is shielded: when a fault elsewhere cancels one field, others that wait for the same thing still
        get it.

        Args:
            question: Takes a session, the keys and `given`; a key that is not in its answer gives None.
            given: Further arguments, hashable; each combination has its own batch.
        """
        name = (question, given)
        loader = self._loaders.get(name)
        if loader is None:
            load = partial(self._batch, question, given)
            loader = DataLoader(load, max_batch_size=LARGEST_BATCH, cache=self.keeps)
            self._loaders[name] = loader
        return asyncio.shield(loader.load(key))

    async def _batch(
        self, question: Callable[..., Mapping[Any, V]], given: tuple[object, ...], keys: list[Any]
    ) -> Sequence[V | None]:
        unique = list(dict.fromkeys(keys))
        found = await self.read(lambda session: question(session, unique, *given))
        return [found.get(key) for key in keys]

    def forget(self) -> None:
        """After a write: what was loaded may no longer be so."""
        self._loaders.clear()

    def by_book(self, revision: str, then: Callable[[Book], V]) -> V | Awaitable[V]:
        """What a function makes of the rule book of a stored revision: at once where the book was read before."""
        book = self.services.books.get(revision)
        return then(book) if book is not None else self._by_book(revision, then)

    async def _by_book(self, revision: str, then: Callable[[Book], V]) -> V:
        return then(await self.book(revision))

    async def book(self, revision: str) -> Book:
        """The rule book of a stored revision."""
        known = self.services.books.get(revision)
        if known is None:
            known = await self.load(_books, revision)
            assert known is not None
            self.keep_book(known)
        return known

    def keep_book(self, book: Book) -> None:
        """Remember a book by its revision, which is its content: a draft is found so though it is not stored."""
        known = self.services.books
        while book.revision not in known and len(known) >= MOST_BOOKS:
            known.pop(next(iter(known)))
        known[book.revision] = book

    async def live_book(self) -> Book | None:
        """The live rule book; None: nothing was published yet."""
        revision = await self.load(_live_revisions, None)
        return None if revision is None else await self.book(revision)

    async def required_book(self) -> Book:
        """The live rule book.

        Raises:
            NotReadyError: Nothing was published yet.
        """
        book = await self.live_book()
        return book if book is not None else await self.read(require_live_book)

    async def instant(self, given: datetime) -> datetime:
        """An instant as it was given; a bare date is 00:00 in the live book's zone (without a book: UTC)."""
        if given.tzinfo is not None:
            return given
        book = await self.live_book()
        return given.replace(tzinfo=ZoneInfo(book.timezone) if book is not None else UTC).astimezone(UTC)

    async def instant_or_none(self, given: datetime | None) -> datetime | None:
        """An optional instant."""
        return None if given is None else await self.instant(given)


async def _answer(database: Database, asked: Sequence[_Asked]) -> None:
    """Answer questions; if one fails, each is asked by itself, so that it spoils no other."""
    questions = [one.question for one in asked]
    try:
        answers = await in_thread(partial(_ask, database, questions))
    except Exception as error:
        if len(asked) == 1:
            _fail(asked[0], error)
        else:
            await asyncio.gather(*(_answer(database, [one]) for one in asked))
        return
    for one, answer in zip(asked, answers, strict=True):
        if not one.answer.done():  # a request past its deadline waits no more
            one.answer.set_result(answer)


def _fail(asked: _Asked, error: Exception) -> None:
    if not asked.answer.done():
        asked.answer.set_exception(error)


def _ask(database: Database, questions: Sequence[Callable[[Session], Any]]) -> list[Any]:
    answers = []
    with database.read() as session:
        for question in questions:
            deadlines.check()
            answers.append(question(session))
    return answers


def _books(session: Session, revisions: Sequence[str]) -> Mapping[str, Any]:
    """Rule books by revision; one that cannot be read is its own fault alone: the loader raises it there."""
    return {revision: _book_or_fault(session, revision) for revision in revisions}


def _book_or_fault(session: Session, revision: str) -> Book | TouchstoneError:
    try:
        return book_of(session, revision)
    except (DamagedError, RevisionUnreadableError) as error:
        return error


def _live_revisions(session: Session, keys: Sequence[None]) -> Mapping[None, str]:
    change = live_change(session)
    return {} if change is None else dict.fromkeys(keys, change.revision)


Info = strawberry.Info[Context, None]

LocaleArgument = Annotated[
    Locale | None, strawberry.argument(description="Default: the request's language (Accept-Language), else English.")
]
