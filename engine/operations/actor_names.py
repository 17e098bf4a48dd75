"""Names that can be given roles: not those of the product itself, and one to a person."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import Actor, person_key
from engine.errors import InputError, UserProblem, UserProblemsError
from engine.store.rows import table_of
from engine.store.tables import ActorRow
from engine.vocabulary import Text


def read_name(given: str) -> Actor:
    """A name as it is stored.

    Raises:
        InputError: No name.
    """
    try:
        return Actor.named(given)
    except InputError as error:
        hint = Text("Give the name of an account, up to 100 characters.", "请填写账号名，最多 100 个字符。")
        raise UserProblemsError([UserProblem(error.code, error.message, ("actor",), hint)]) from None


def refuse_program(actor: Actor) -> None:
    """Refuse a name under which the product itself makes entries.

    Raises:
        InputError: It is one.
    """
    if actor.is_program:
        raise _invalid(
            Text(f"Touchstone itself acts as {actor.name!r}.", f"{actor.name!r} 是 Touchstone 自身使用的名称。"),
            Text("Choose another name.", "请另取名称。"),
        )


def refuse_lookalike(session: Session, name: str) -> None:
    """Refuse a second name of somebody who was given roles: it would be a second person to whoever reads entries.

    Raises:
        InputError: There is another actor that compares as the same person.
    """
    key = person_key(name)
    known = session.execute(select(table_of(ActorRow).c.name)).scalars()
    other = next((one for one in known if one != name and person_key(one) == key), None)
    if other is not None:
        raise _invalid(
            Text(
                f"{name!r} and {other!r}, who was given roles before, would be the same person.",
                f"{name!r} 与已获得过角色的 {other!r} 会被视为同一人。",
            ),
            Text(
                f"Write {other!r}, or another name: case, width and spaces make no difference.",
                f"请使用 {other!r}，或另取名称：大小写、全半角和空格不作区分。",
            ),
        )


def _invalid(message: Text, hint: Text) -> InputError:
    return UserProblemsError([UserProblem("INVALID", message, ("actor",), hint)])
