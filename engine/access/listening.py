"""Where the server may listen: without authentication on this machine only."""

from __future__ import annotations

from ipaddress import ip_address

from engine.errors import InputError
from engine.vocabulary import Text


def is_loopback(host: str) -> bool:
    """Whether an address reaches only this machine; names other than `localhost` are not looked up.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("")
    (True, True, False, False)
    """
    bare = host.strip().removeprefix("[").removesuffix("]")
    if bare.casefold() == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def require_loopback(host: str, *, authenticated: bool) -> None:
    """Refuse to listen where others could connect while nobody's identity is checked.

    Args:
        host: Address to listen on.
        authenticated: Authentication is configured.

    Raises:
        InputError: No authentication, and the address is not loopback.
    """
    if authenticated or is_loopback(host):
        return
    raise InputError(
        Text(
            f"Without authentication the server listens on this machine only, not on `{host}`.",
            f"未配置身份验证时，服务只能监听本机，不能监听 `{host}`。",
        ),
        Text(
            "Use 127.0.0.1, or set TOUCHSTONE_AUTH to tokens, oidc or both (see docs/access.md).",
            "请使用 127.0.0.1，或将 TOUCHSTONE_AUTH 设为 tokens、oidc 或 both（见 docs/access.md）。",
        ),
    )
