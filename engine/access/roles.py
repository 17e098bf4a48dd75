"""Who may do what: roles, permissions, and the one matrix between them. What is not in it is denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from engine.access.people import person_key
from engine.errors import InputError
from engine.vocabulary import Text


class Role(StrEnum):
    """What an actor is to the product."""

    VIEWER = "VIEWER"
    ANALYST = "ANALYST"
    AUTHOR = "AUTHOR"
    APPROVER = "APPROVER"
    OPERATOR = "OPERATOR"
    AUDITOR = "AUDITOR"
    PRIVACY = "PRIVACY"
    ADMIN = "ADMIN"


class Permission(StrEnum):
    """One thing that can be allowed."""

    READ = "READ"
    ANALYSE = "ANALYSE"
    WORK = "WORK"
    RECORD = "RECORD"
    DECIDE = "DECIDE"
    OVERRIDE = "OVERRIDE"
    PROPOSE = "PROPOSE"
    PUBLISH = "PUBLISH"
    APPROVE = "APPROVE"
    AUDIT = "AUDIT"
    SEE_ACTORS = "SEE_ACTORS"
    ADMINISTER = "ADMINISTER"
    SEE_PERSONAL = "SEE_PERSONAL"
    FORGET = "FORGET"
    OBSERVE = "OBSERVE"


def _roles(names: str) -> frozenset[Role]:
    return frozenset(Role(name.upper()) for name in names.split())


MATRIX: Final[Mapping[Permission, frozenset[Role]]] = {
    Permission.READ: _roles("viewer analyst author approver operator auditor privacy"),
    Permission.ANALYSE: _roles("analyst author approver operator auditor"),
    Permission.WORK: _roles("analyst operator"),
    Permission.RECORD: _roles("operator"),
    Permission.DECIDE: _roles("operator"),
    Permission.OVERRIDE: _roles("operator"),
    Permission.PROPOSE: _roles("author"),
    Permission.PUBLISH: _roles("author operator"),
    Permission.APPROVE: _roles("approver"),
    Permission.AUDIT: _roles("auditor"),
    Permission.SEE_ACTORS: _roles("auditor admin"),
    Permission.ADMINISTER: _roles("admin"),
    Permission.SEE_PERSONAL: _roles("privacy"),
    Permission.FORGET: _roles("privacy"),
    Permission.OBSERVE: _roles("operator auditor admin"),
}
"""Which roles have a permission."""

PERMISSION_TEXTS: Final[Mapping[Permission, Text]] = {
    Permission.READ: Text(
        "see customers (personal data masked), decisions, rules, campaigns and figures",
        "查看客户（个人数据已遮盖）、决定、规则、活动和指标",
    ),
    Permission.ANALYSE: Text(
        "try what-ifs, draft rules, previews, back-tests and replays; see data quality",
        "试算、检查规则草稿、预览、回测和重放；查看数据质量",
    ),
    Permission.WORK: Text("take and close tasks", "领取和完成任务"),
    Permission.RECORD: Text("store customers and records", "写入客户和记录"),
    Permission.DECIDE: Text("run decisions", "执行决定"),
    Permission.OVERRIDE: Text("set tiers by hand", "人工评级"),
    Permission.PROPOSE: Text("propose and withdraw rule changes", "提出和撤回规则变更"),
    Permission.PUBLISH: Text("put a change live that needs no further approval", "发布无需再审批的变更"),
    Permission.APPROVE: Text(
        "approve rule changes and tiers set by hand, never their own", "审批规则变更和人工评级（不得审批自己的）"
    ),
    Permission.AUDIT: Text("read and verify the ledger", "查看和校验审计日志"),
    Permission.SEE_ACTORS: Text("see who has which roles", "查看操作人及其角色"),
    Permission.ADMINISTER: Text("grant roles, issue and revoke tokens", "授予角色、签发和吊销令牌"),
    Permission.SEE_PERSONAL: Text("see personal data, with a purpose, on record", "说明用途后查看个人数据（留痕）"),
    Permission.FORGET: Text("erase a person", "抹除一位客户"),
    Permission.OBSERVE: Text("read the server's counts (/metrics)", "读取服务计数（/metrics）"),
}
"""What a permission allows, in words."""

EXCLUSIVE: Final = (
    frozenset((Role.ADMIN, Role.AUTHOR)),
    frozenset((Role.ADMIN, Role.APPROVER)),
    frozenset((Role.ADMIN, Role.AUDITOR)),
)
"""Roles nobody has together: who grants rights neither uses these nor checks their use."""


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """What these roles together may do.

    >>> sorted(permissions_of([Role.PRIVACY]))
    [<Permission.FORGET: 'FORGET'>, <Permission.READ: 'READ'>, <Permission.SEE_PERSONAL: 'SEE_PERSONAL'>]
    """
    held = frozenset(roles)
    return frozenset(permission for permission, having in MATRIX.items() if held & having)


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """The roles that have a permission, in the order of `Role`."""
    return tuple(role for role in Role if role in MATRIX[permission])


def implies(one: Permission, other: Permission) -> bool:
    """Whether everybody who has one permission has the other too, whatever roles it comes from.

    >>> implies(Permission.ANALYSE, Permission.READ), implies(Permission.ADMINISTER, Permission.READ)
    (True, False)
    """
    return MATRIX[one] <= MATRIX[other]


def read_roles(names: Iterable[str]) -> frozenset[Role]:
    """Roles by their names, in any case.

    Raises:
        InputError: A name that is no role.
    """
    found = set()
    for name in names:
        if name.strip().upper() not in frozenset(Role):
            listed = ", ".join(role.lower() for role in Role)
            raise InputError(
                Text(f"There is no role {name!r}.", f"没有角色 {name!r}。"),
                Text(f"Roles are {listed}.", f"角色有 {listed}。"),
                code="INVALID",
            )
        found.add(Role(name.strip().upper()))
    return frozenset(found)


def refuse_exclusive(roles: Iterable[Role]) -> None:
    """Refuse roles that nobody may have together.

    Raises:
        InputError: There is such a pair (INVALID).
    """
    held = frozenset(roles)
    for pair in EXCLUSIVE:
        if pair <= held:
            one, other = (role.lower() for role in Role if role in pair)
            raise InputError(
                Text(f"Nobody is both {one} and {other}.", f"同一操作人不能同时是 {one} 和 {other}。"),
                Text("Give one of the two to somebody else.", "请把其中一个角色授予他人。"),
                code="INVALID",
            )


def refuse_own(author: str, approver: str) -> None:
    """Refuse an approval by whoever made what is approved; the same for every role, administrators too.

    Args:
        author: Name of the actor who made it, or on whose behalf it was made.
        approver: Name of the actor who wants to approve it, or on whose behalf; names are compared as `person_key`
            gives them.

    Raises:
        InputError: They are the same (FOUR_EYES).
    """
    if person_key(author) == person_key(approver):
        raise InputError(
            Text("Nobody approves their own change.", "不得审批自己的变更。"),
            Text("Ask another person who has the role approver.", "请由另一位审批人（approver）审批。"),
            code="FOUR_EYES",
        )
