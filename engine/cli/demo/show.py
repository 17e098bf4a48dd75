"""The demo from outside: an own database, the story told, three customers explained, what to try next."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.cli import terminal
from engine.cli.demo.business_characters import AT_RISK, KEY_ACCOUNT, POTENTIAL
from engine.cli.demo.keys import print_tokens
from engine.cli.demo.premises import building, clear_folder, refuse_other_data
from engine.cli.demo.story import MONTH_ENDS, tell_story
from engine.operations.explaining import explain_decision
from engine.operations.reporting import tier_counts
from engine.operations.rule_folder import read_rule_folder
from engine.operations.sealing import seal_of, take_checkpoint
from engine.operations.selecting import decision_of
from engine.settings import load_settings
from engine.store import Database, open_database, upgrade_database
from engine.vocabulary import Locale, Text

SHIPPED_RULES: Final = Path(__file__).resolve().parents[3] / "rules"

_CAST: Final = (
    (KEY_ACCOUNT, Text("held in its tier", "等级被保留")),
    (POTENTIAL, Text("B by potential", "凭潜力评为 B")),
    (AT_RISK, Text("at risk", "有流失风险")),
)


def run_demo(folder: Path, locale: Locale) -> str:
    """Make the demo's database anew and tell the story; gives the database's URL.

    Raises:
        InputError: The database of the settings or the folder holds what is not the demo's.
    """
    url = load_settings().database_url
    refuse_other_data(url)
    clear_folder(folder)
    with building(url) as site:
        upgrade_database(site)
        with open_database(site) as database:
            tell_story(database, folder, read_rule_folder(SHIPPED_RULES), locale, terminal.say)
    with open_database(url) as database:
        seal = seal_of(load_settings())
        if seal is not None:
            take_checkpoint(database, seal, datetime.now(UTC))
        _show_tiers(database, locale)
        _show_cast(database, locale)
    _show_next(url, locale)
    return url


def serve_demo(url: str, port: int | None, locale: Locale) -> None:
    """Serve the demo's database on loopback, with a token for each role: on the port asked for, else on the settings'
    or a free one. Nobody has to prove who they are, whatever TOUCHSTONE_AUTH says."""
    import socket

    from engine.cli.serving import run_server

    os.environ["TOUCHSTONE_DATABASE_URL"] = url
    os.environ["TOUCHSTONE_AUTH"] = "off"
    load_settings.cache_clear()
    with open_database(url) as database:
        print_tokens(database, locale)
    wanted = load_settings().port if port is None else port
    if port is None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                wanted = 0
    run_server("127.0.0.1", wanted, locale)


def _show_tiers(database: Database, locale: Locale) -> None:
    zh = locale is Locale.ZH
    terminal.say()
    terminal.say(f"截至 {MONTH_ENDS[-1]:%Y-%m-%d} 的等级分布：" if zh else f"Tiers as of {MONTH_ENDS[-1]:%Y-%m-%d}:")
    with database.read() as session:
        rows = [
            (market, f"{key} {title.within(locale)}", count, f"{100 * count / total:.1f} %")
            for market, key, title, count, total in tier_counts(session)
        ]
    terminal.table(("客户类型", "等级", "客户数", "占比") if zh else ("market", "tier", "customers", "share"), rows)


def _show_cast(database: Database, locale: Locale) -> None:
    with database.read() as session:
        for key, role in _CAST:
            ref = f"demo:{key}"
            terminal.say()
            terminal.say(f"── {ref} ({role.within(locale)}) ──")
            for line in explain_decision(session, decision_of(session, ref)).narration(locale):
                terminal.say(line)


def _show_next(url: str, locale: Locale) -> None:
    default = url == "sqlite:///touchstone.db"
    tries = (
        ("touchstone explain demo:B-0007 --lang zh", Text("why a customer has its tier", "客户等级的原因")),
        ("touchstone campaigns list --who 3", Text("who was contacted, and why others were not", "触达与抑制情况")),
        (
            "touchstone rules diff rules",
            Text("how edited rule files differ from the live ones", "规则文件与生效版本的差异"),
        ),
        ("touchstone replay --all", Text("every decision made again, byte for byte", "重放全部决定")),
        ("touchstone audit verify", Text("the ledger checked link by link", "逐条校验账本")),
        ("touchstone kpis --to 2026-11-01", Text("figures of the year", "年度指标")),
    )
    terminal.say()
    terminal.say("接下来可以试试：" if locale is Locale.ZH else "What to try next:")
    if shutil.which("touchstone") is None:
        terminal.say(f"  . {os.path.relpath(Path(sys.executable).parent / 'activate')}")
    if not default:
        terminal.say(f"  export TOUCHSTONE_DATABASE_URL={url}")
    terminal.table(("", ""), [(f"  {command}", f"# {what.within(locale)}") for command, what in tries])
    terminal.say()
