"""Small things that many nouns hold: user errors, places, money, bounds, tiers, actors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.access import Permission, Role
from engine.rulebook import Book
from engine.store.reading import TokenView, roles_of_actors, tokens_of_actors
from engine.vocabulary import POINTS_SCALE, Market, Text
from schema.context import Info
from schema.describing import answered, described, read, spoken, told
from schema.error_codes import ErrorCode
from schema.pointers import TokenLater

EPOCH = date(1970, 1, 1)


@described
class Place:
    """A place in a rule file, from 1."""

    file: str = told("Path of the file in the rule book.")
    line: int = told("Line, from 1.")
    column: int = told("Column, from 1.")


@described
class UserError:
    """A mistake the caller can correct."""

    code: ErrorCode = told("Stable code.")
    message: str = told("One sentence for a person, in the request's language.")
    path: list[str] = told('Path into `input`, e.g. ["files", "0"]; empty when it concerns the whole.')
    place: Place | None = told("Place in a rule file; null when no file is concerned.")
    hint: str | None = told('What to do, e.g. "did you mean `weight`?".')


@described
class Money:
    """Money in major units."""

    amount: Decimal = told("Exact amount.")
    currency: str = told("ISO 4217.")


@described
class Bounds:
    """Lowest and highest attainable value."""

    low: Decimal = told("Lowest.")
    high: Decimal = told("Highest.")


@described
class Tier:
    """A tier of a rule book; keys come from the book, hence no enumeration."""

    key: str = told("As in the rule book.")
    title: str = spoken("title", "Name for people.")


async def _roles(root: ActorSource, info: Info) -> tuple[str, ...]:
    """Those it has now; of `viewer` those that count in this request. Empty: none was granted here."""
    if root.roles is not None:
        return tuple(role for role in Role if role in root.roles)
    held = await info.context.load(roles_of_actors, root.name) or ()
    return tuple(role for role in Role if role in held)


async def _tokens(root: ActorSource, info: Info) -> tuple[TokenView, ...]:
    """For ADMIN and oneself; otherwise empty. The latest first, ended ones too."""
    caller = info.context.caller
    if not caller.may(Permission.ADMINISTER) and caller.name != root.name:
        return ()
    return await info.context.load(tokens_of_actors, root.name) or ()


@described
class Actor:
    """Who acts: a person, a key, or the product itself."""

    name: str = told("Stable, e.g. `mei@example.com` or `schedule`.")
    roles: list[Role] = answered(_roles)
    tokens: list[TokenLater] = answered(_tokens)


def _viewer(root: object, info: Info) -> ActorSource:
    """The actor that changes are recorded under."""
    caller = info.context.caller
    return ActorSource(caller.name, caller.roles)


@described
class Viewer:
    """Who is asking."""

    actor: Actor = answered(_viewer)


@described
class CustomerTier:
    """A customer's tier."""

    computed: Tier | None = told("By score, gates, force and stability; null: UNRATED.")
    effective: Tier | None = told("The override's tier if there is one, else `computed`; null: UNRATED.")
    previous: Tier | None = told("`effective` of the decision before; null: none or UNRATED.")
    since: datetime = told("Since when `effective` holds.")
    provisional: bool = told("Given by the lower score bound, because data are missing and no tier was stored.")


@described
class Tag:
    """A label derived by rule."""

    key: str = told("As in the rule book.")
    title: str = spoken("title", "Name for people.")


@described
class TierShare:
    """Customers of one effective tier; `tier` null: UNRATED."""

    market: Market = told("The market counted.")
    tier: Tier | None = told("Null: UNRATED.")
    customers: int = told("How many.")
    share: Decimal = told("Of the market's customers, 0 to 1.")


@described
class TierMove:
    """Customers that are in one tier before and in another (or the same) after; null: UNRATED."""

    market: Market = told("The market counted.")
    from_: Tier | None = read("before", "Tier before; null: UNRATED.", name="from")
    to: Tier | None = read("after", "Tier after; null: UNRATED.")
    customers: int = told("How many.")


@dataclass(frozen=True, slots=True)
class ActorSource:
    """Source of `Actor`; `roles` None: look up those it has."""

    name: str
    roles: frozenset[Role] | None = None


@dataclass(frozen=True, slots=True)
class Titled:
    """Source of a tier or tag."""

    key: str
    title: Text


@dataclass(frozen=True, slots=True)
class CustomerTierSource:
    """Source of `CustomerTier`."""

    computed: Titled | None
    effective: Titled | None
    previous: Titled | None
    since: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class ShareSource:
    """Source of `TierShare`."""

    market: str
    tier: Titled | None
    customers: int
    share: Decimal


@dataclass(frozen=True, slots=True)
class MoveSource:
    """Source of `TierMove`."""

    market: str
    before: Titled | None
    after: Titled | None
    customers: int


def tier_of(book: Book | None, market: str, key: str | None) -> Titled | None:
    """A tier with its title; a key the book no longer has is its own title."""
    if key is None:
        return None
    rules = book.markets.get(Market(market)) if book is not None else None
    title = next((tier.title for tier in rules.tiers if tier.key == key), None) if rules is not None else None
    return Titled(key, title or Text(key))


def tier_rank(book: Book | None, market: str, key: str | None) -> tuple[int, str]:
    """Sort key of tiers: best first, then keys the book no longer has, UNRATED last."""
    rules = book.markets.get(Market(market)) if book is not None else None
    keys = [tier.key for tier in rules.tiers] if rules is not None else []
    if key is None:
        return len(keys) + 1, ""
    return (keys.index(key) if key in keys else len(keys)), key


def score_of(stored: int | None) -> Decimal | None:
    """A stored score as an exact number."""
    return None if stored is None else (Decimal(stored) / POINTS_SCALE).quantize(Decimal("0.0001"))


def start_of_day(day: int, book: Book) -> datetime:
    """00:00 of a local day (since 1970-01-01) in the book's zone."""
    return datetime.combine(EPOCH + timedelta(days=day), time(), ZoneInfo(book.timezone))


def shares(rows: list[tuple[str, str | None, int]], book: Book | None) -> list[ShareSource]:
    """Counts as shares of their market: markets in order, best tier first, UNRATED last."""
    totals: dict[str, int] = {}
    for market, _, customers in rows:
        totals[market] = totals.get(market, 0) + customers
    ordered = sorted(rows, key=lambda row: (row[0], tier_rank(book, row[0], row[1])))
    return [
        ShareSource(market, tier_of(book, market, key), customers, share_of(customers, totals[market]))
        for market, key, customers in ordered
    ]


def share_of(part: int, whole: int) -> Decimal:
    """A share, exact to 0.000001."""
    return (Decimal(part) / whole).quantize(Decimal("0.000001")) if whole else Decimal(0)
