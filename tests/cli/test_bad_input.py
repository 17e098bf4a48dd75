"""Wrong input: one sentence that says what to do, in both languages, and the exit status 2."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.clerk import Clerk
from tests.cli.conftest import PROGRAM, ROOT, Demo, Shell

GOOD_ROW = "DD-1,KH-01,2026-10-03 10:15:00,已支付,10.00\n"
HEADERS = "订单编号,客户编号,下单时间,订单状态,实付金额\n"


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


WITHOUT_DATABASE = [
    ("explain", "demo:B-0007"),
    ("decide",),
    ("import", "orders-zh", "orders.csv"),
    ("replay", "--all"),
    ("audit", "verify"),
    ("db", "check"),
    ("serve",),
]


def test_without_a_database_every_command_says_how_to_make_one(clerk: Clerk, nowhere: Shell) -> None:
    for words in WITHOUT_DATABASE[:2]:
        clerk.refused(nowhere, *words, en="touchstone db upgrade", zh="没有数据库")
    for words in WITHOUT_DATABASE[2:]:
        assert "touchstone db upgrade" in clerk.run(nowhere, *words, expect=2)[1]
    assert list(nowhere.folder.iterdir()) == []


def test_a_database_of_a_newer_version_is_left_alone(clerk: Clerk, empty: Shell) -> None:
    with closing(sqlite3.connect(empty.database)) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
        connection.commit()
    before = empty.database.read_bytes()
    clerk.refused(empty, "decide", en="newer Touchstone", zh="更新版本")
    clerk.refused(empty, "demo", "--no-serve", en="Name another one", zh="请指定另一个数据库")
    assert "9999" in clerk.run(empty, "db", "check", expect=1)[0]
    assert empty.database.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(clerk: Clerk, nowhere: Shell) -> None:
    nowhere.database.write_text("my only notes\n")
    clerk.refused(nowhere, "demo", "--no-serve", en="Name another one", zh="请指定另一个数据库")
    assert nowhere.database.read_text() == "my only notes\n"


def test_an_empty_store_says_what_to_do_first(clerk: Clerk, empty: Shell) -> None:
    clerk.refused(empty, "decide", en="touchstone rules publish", zh="尚未发布规则库")
    clerk.refused(empty, "model", "card", en="touchstone model train", zh="尚无流失模型")
    clerk.refused(empty, "explain", "demo:B-0007", en="There is no customer demo:B-0007", zh="没有客户 demo:B-0007")
    assert "No rule book is published yet." in clerk.run(empty, "rules", "log")[0]
    assert "The ledger is empty." in clerk.run(empty, "audit", "verify")[0]


def test_no_model_leaves_risk_unknown_and_says_how_to_train(clerk: Clerk, empty: Shell) -> None:
    clerk.run(empty, "rules", "publish", "--reason", "first rules")
    clerk.refused(empty, "model", "evaluate", en="touchstone model train", zh="尚无流失模型")
    assert "0 decided" in clerk.run(empty, "decide", "--as-of", "2026-11-01")[0]


IMPORTS = [
    ("ordres-zh", "orders.csv", "Did you mean orders-zh?", "是否指 orders-zh"),
    ("orders-zh", "nothing.csv", "There is no file nothing.csv", "没有文件 nothing.csv"),
    ("orders-zh", "empty.csv", "empty.csv is empty", "empty.csv 是空文件"),
    ("orders-zh", "other.csv", "has no column for order_no", "缺少以下列"),
    ("orders-zh", ".", "There is no file", "没有文件"),
    ("broken.yaml", "orders.csv", "broken.yaml", "broken.yaml"),
]


@pytest.mark.parametrize(("mapping", "file", "en", "zh"), IMPORTS)
def test_what_cannot_be_imported_adds_nothing(
    clerk: Clerk, empty: Shell, mapping: str, file: str, en: str, zh: str
) -> None:
    folder = empty.folder
    (folder / "orders.csv").write_text(HEADERS + GOOD_ROW)
    (folder / "empty.csv").write_text("")
    (folder / "other.csv").write_text("a,b\x1b[2J,c\n1,2,3\n")
    (folder / "broken.yaml").write_text("mapping: [\n")
    clerk.refused(empty, "import", mapping, file, en=en, zh=zh)
    with closing(sqlite3.connect(empty.database)) as connection:
        assert connection.execute("select count(*) from ledger_entry").fetchone() == (0,)


def test_imported_text_cannot_move_the_cursor(clerk: Clerk, empty: Shell) -> None:
    (empty.folder / "orders.csv").write_text(HEADERS + "DD-1,KH-01,\x1b[2Jsoon,已支付,10.00\n")
    assert "1 quarantined" in clerk.run(empty, "import", "orders-zh", "orders.csv")[0]
    assert "\x1b" not in clerk.run(empty, "data", "quality")[0]


def test_a_rule_file_that_is_not_yaml_is_told_with_its_place(clerk: Clerk, empty: Shell, rules: Path) -> None:
    file = rules / "b2b.yaml"
    file.write_text(file.read_text() + "tiers: [\n")
    for words in (("rules", "check"), ("rules", "test"), ("rules", "diff"), ("rules", "publish", "--reason", "x")):
        for locale in ("en", "zh"):
            _, said = clerk.run(empty, *words, str(rules), "--lang", locale, expect=2)
            assert "b2b.yaml:" in said
    assert "No rule book is published yet." in clerk.run(empty, "rules", "log")[0]


def test_a_folder_that_is_no_rule_book_is_refused(clerk: Clerk, empty: Shell) -> None:
    (empty.folder / "bare").mkdir()
    clerk.refused(empty, "rules", "check", "nowhere", en="There is no rule folder", zh="没有规则文件夹")
    clerk.refused(empty, "rules", "check", "bare", en="holds no rule file", zh="没有规则文件")
    clerk.refused(empty, "decide", en="No rule book", zh="尚未发布", rules="nowhere")


def test_a_file_instead_of_a_folder_is_told_as_that_with_the_folder_to_name(
    clerk: Clerk, empty: Shell, rules: Path
) -> None:
    for command in ("check", "explain", "preview", "diff"):
        en, zh = (
            f"is a file; a rule folder is expected. Name the folder it is in: {rules}",
            "是文件，这里应为规则文件夹",
        )
        clerk.refused(empty, "rules", command, str(rules / "b2b.yaml"), en=en, zh=zh)


@pytest.mark.parametrize("words", ["sha256:a9d1", "a9d1", "sha256:", "sha256:XYZ", "sha256:" + "a" * 65])
def test_too_little_of_a_revision_is_told_as_that(clerk: Clerk, nowhere: Shell, words: str) -> None:
    clerk.refused(nowhere, "rules", "diff", words, en="a revision needs at least 7 digits", zh="至少要写 7 位")


def test_a_damaged_database_is_wrong_input(clerk: Clerk, nowhere: Shell) -> None:
    nowhere.database.write_bytes(b"name,amount\n" * 900)
    for words in (("rules", "log"), ("decide",), ("audit", "verify")):
        clerk.refused(nowhere, *words, en="is damaged or is not a database", zh="已损坏或不是数据库文件")


def test_a_wrong_mapping_is_told_line_by_line_in_words_of_both_languages(clerk: Clerk, empty: Shell) -> None:
    shipped = (ROOT / "engine/intake/mappings/orders-en.yaml").read_text(encoding="utf-8")
    wrong = shipped.replace("currency: USD", "currency: usd").replace("key: [", "keyy: [")
    (empty.folder / "my.yaml").write_text(wrong.replace("timezone: UTC", "timezone: Mars"), encoding="utf-8")
    lines = {word: 1 + wrong[: wrong.index(f"\n{word}") + 1].count("\n") for word in ("currency", "keyy", "timezone")}
    for locale, begins in (("en", "line {}: `{}`"), ("zh", "第 {} 行：`{}`")):
        _, said = clerk.run(empty, "import", "my.yaml", "x.csv", "--lang", locale, expect=2)
        for word, line in lines.items():
            assert begins.format(line, word) in said
        assert "`key`" in said
        assert not any(raw in said for raw in ("Value error", "Input should", "pattern", "Extra inputs", "Field"))
    assert "`keyy` 不是映射文件的键，是不是想写 `key`？" in said


USAGE = [
    (("exlpain", "demo:B-0007"), "Did you mean 'explain'?", "没有命令 exlpain"),
    (("explain", "--smaple", "3"), "Did you mean --sample?", "没有选项 --smaple"),
    (("campaigns", "run", "--as-of", "2026-11-01"), "No such option: --as-of. Usage", "没有选项 --as-of。用法"),
    (("explain", "--sample", "0"), "greater than or equal to 1", "不得小于 1"),
    (("import", "orders-zh"), "Missing argument", "缺少参数"),
    (("rules", "publish"), "Missing option '--reason'", "缺少选项 --reason"),
    (("kpis", "--market", "B2X"), "is not one of 'B2B', 'B2C'", "须为 'B2B', 'B2C' 之一"),
    (("serve", "--port", "99999"), "less than or equal to 65535", "不得大于 65535"),
    (("serve", "--port", "http"), "valid integer", "须为整数"),
    (("tasks", "today"), "unexpected extra argument", "多余的参数"),
    (("serve", "--host", "0.0.0.0"), "listens on this machine only", "只能监听本机"),
    (("explain",), "--sample N", "--sample N"),
    (("replay",), "--all", "--all"),
]


@pytest.mark.parametrize(("words", "en", "zh"), USAGE, ids=[" ".join(words) for words, _, _ in USAGE])
def test_wrong_usage_is_told_in_one_sentence(
    clerk: Clerk, nowhere: Shell, words: tuple[str, ...], en: str, zh: str
) -> None:
    clerk.refused(nowhere, *words, en=en, zh=zh)


def test_wrong_settings_are_named(clerk: Clerk, nowhere: Shell) -> None:
    clerk.refused(nowhere, "decide", en="TOUCHSTONE_PORT", zh="TOUCHSTONE_PORT", port="high")
    clerk.refused(nowhere, "decide", en="is not supported", zh="不支持数据库引擎", database_url="mysql://localhost/x")
    assert "TOUCHSTONE_LANGUAGE" in clerk.run(nowhere, "decide", expect=2, language="fr")[1]


def test_a_folder_the_system_refuses_is_named(clerk: Clerk, nowhere: Shell) -> None:
    (nowhere.folder / "note").write_text("no folder")
    below = nowhere.folder / "note" / "touchstone.db"
    clerk.refused(nowhere, "db", "upgrade", en="Check the path", zh="请检查路径", database_url=f"sqlite:///{below}")
    clerk.refused(nowhere, "demo", "--no-serve", "--folder", "note/x", en="Check the path", zh="请检查路径")


def test_an_unknown_language_is_refused_before_anything_is_done(clerk: Clerk, nowhere: Shell) -> None:
    for words in (("db", "upgrade"), ("demo", "--no-serve"), ("explain", "demo:B-0007")):
        assert "--lang en or --lang zh" in clerk.run(nowhere, *words, "--lang", "fr", expect=2)[1]
    assert list(nowhere.folder.iterdir()) == []


@pytest.mark.xdist_group("demo")
def test_what_the_demo_does_not_hold_is_told(clerk: Clerk, demo: Demo) -> None:
    shell = demo.shell
    clerk.refused(shell, "explain", "demo:B-9999", en="There is no customer demo:B-9999", zh="没有客户 demo:B-9999")
    clerk.refused(shell, "explain", "B-0007", en="Did you mean demo:B-0007?", zh="是否指 demo:B-0007")
    clerk.refused(shell, "explain", "demo:B-0007", "--as-of", "yesterday", en="Write 2026-12-01", zh="不是日期或时刻")
    clerk.refused(shell, "explain", "demo:B-0007", "--as-of", "2020-01-01", en="not decided by then", zh="没有决定")
    clerk.refused(shell, "explain", "demo:B-0007", "--as-of", "2026-11-01T09:00", en="without offset", zh="时区偏移")


@pytest.mark.xdist_group("demo")
def test_what_the_demo_cannot_do_is_told(clerk: Clerk, demo: Demo) -> None:
    shell = demo.shell
    entries = shell.json("audit", "verify")["entries"]
    clerk.refused(shell, "decide", "demo:B-9999", en="There is no customer", zh="没有客户")
    clerk.refused(shell, "decide", "--as-of", "9999-12-31", en="out of range", zh="超出范围")
    clerk.refused(shell, "decide", en="--by NAME", zh="--by 名称", actor="")
    clerk.refused(shell, "override", "demo:B-0007", "Z", "--reason", "x", en="Tiers are A, B, C, D", zh="可用等级")
    clerk.refused(shell, "override", "demo:B-0007", "A", "--reason", "", en="needs a reason", zh="必须说明原因")
    clerk.refused(shell, "kpis", "--from", "2026-11-01", "--to", "2026-01-01", en="ends before", zh="早于开始")
    clerk.refused(shell, "rules", "rollback", "sha256:0", "--reason", "x", en="touchstone rules log", zh="没有规则版本")
    assert shell.json("audit", "verify")["entries"] == entries


@pytest.mark.xdist_group("demo")
def test_a_taken_port_is_told(clerk: Clerk, demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        clerk.refused(demo.shell, "serve", "--port", port, en="--port 0 takes a free one", zh="--port 0")


@pytest.mark.xdist_group("demo")
def test_the_demo_leaves_other_data_alone(clerk: Clerk, own_demo: Shell) -> None:
    (own_demo.folder / "orders.csv").write_text(HEADERS + GOOD_ROW)
    clerk.run(own_demo, "import", "orders-zh", "orders.csv")
    clerk.refused(own_demo, "demo", "--no-serve", en="not the demo's", zh="非演示数据")
    assert own_demo.json("audit", "verify")["ok"] is True


def test_the_demo_leaves_other_files_alone(clerk: Clerk, nowhere: Shell) -> None:
    (nowhere.folder / "photos").mkdir()
    (nowhere.folder / "photos" / "one.jpg").write_text("precious")
    clerk.refused(nowhere, "demo", "--no-serve", "--folder", "photos", en="not the demo's", zh="非演示文件")
    assert (nowhere.folder / "photos" / "one.jpg").read_text() == "precious"
    assert not nowhere.database.exists()


@pytest.mark.xdist_group("demo")
def test_an_interrupted_demo_leaves_the_database_as_it_was(own_demo: Shell) -> None:
    before = own_demo.database.read_bytes()
    building = own_demo.folder / "touchstone.db.building"
    environment = {**os.environ, "TOUCHSTONE_DATABASE_URL": f"sqlite:///{own_demo.database}", "PYTHONUNBUFFERED": "1"}
    running = subprocess.Popen(
        [str(PROGRAM), "demo", "--no-serve", "--lang", "zh"],
        cwd=own_demo.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "已生成演示企业的数据文件。\n"
    assert building.exists()
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (130, "已中断。\n")
    assert own_demo.database.read_bytes() == before
    assert not building.exists()
    assert (ROOT / "rules").is_dir()


def test_a_damaged_revision_is_told_in_the_log_beside_the_others(clerk: Clerk, empty: Shell, rules: Path) -> None:
    alone = (rules / "rulebook.yaml").read_text().replace("approvers: 1", "approvers: 0")
    (rules / "rulebook.yaml").write_text(alone)
    for reason in ("first", "second", "third"):
        (rules / "b2c.yaml").write_text((rules / "b2c.yaml").read_text() + f"# {reason}\n")
        clerk.run(empty, "rules", "publish", str(rules), "--reason", reason)
    with closing(sqlite3.connect(empty.database)) as connection:
        connection.execute("update revision set files = replace(files, '# first', '# forged') where rowid = 1")
        connection.commit()
    out, _ = clerk.run(empty, "rules", "log")
    assert [line.rsplit(": ", 1)[-1] for line in out.splitlines() if "crm-ops" in line] == ["third", "second", "first"]
    assert out.count("does not fit its hash") == 2, "of itself and of the one that started from it"
