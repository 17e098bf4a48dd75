"""What the commands of models and values tell a person; the JSON of the same commands is elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.vocabulary import ChurnStatus, Locale, Text

BASELINES: Final[Mapping[str, Text]] = {
    "base_rate": Text("base rate", "基准比率"),
    "recency": Text("recency", "最近购买"),
    "logistic_regression": Text("logistic regression", "逻辑回归"),
    "bg_nbd": Text("BG/NBD", "BG/NBD"),
}
STATUSES: Final[Mapping[str, Text]] = {
    ChurnStatus.MODEL: Text("by the model", "由模型预测"),
    ChurnStatus.FALLBACK_BGNBD: Text(
        "by BG/NBD: not active, or it answers for all", "由 BG/NBD 预测：不活跃客户或整体备用"
    ),
    ChurnStatus.FALLBACK_SEGMENT: Text("by a simpler baseline", "由更简单的基线预测"),
    ChurnStatus.UNAVAILABLE: Text("unknown: never bought", "未知：从未购买"),
}
ESTIMATES: Final[Mapping[str, Text]] = {
    "clv": Text("lifetime value", "生命周期价值"),
    "margin": Text("margin to date", "累计毛利"),
    "cac": Text("acquisition cost", "获客成本"),
}
_EVALUATION: Final = (
    (Text("as of", "截至"), "as_of"),
    (Text("who", "预测者"), "who"),
    (Text("customers", "客户数"), "customers"),
    (Text("churned", "流失数"), "churned"),
    (Text("AUC", "AUC"), "auc"),
    (Text("log loss", "对数损失"), "log_loss"),
    (Text("Brier", "Brier"), "brier"),
    (Text("calibration error", "校准误差"), "ece"),
    (Text("of which chance", "其中偶然"), "ece_null"),
)
_CARD: Final = (
    (Text("digest", "摘要"), "digest"),
    (Text("label", "标签"), "label"),
    (Text("trained on what was known at", "训练所知截至"), "trained_at"),
    (Text("cut-offs", "截止日"), "cut_offs"),
    (Text("features", "特征"), "features"),
    (Text("rows", "样本"), "counts"),
    (Text("matrix", "矩阵"), "matrix"),
    (Text("parameters", "参数"), "parameters"),
    (Text("created", "创建"), "created_at"),
    (Text("by", "创建者"), "created_by"),
)
_PARTS: Final[Mapping[str, Text]] = {
    "rows": Text("rows", "行数"),
    "columns": Text("columns", "列数"),
    "customers": Text("customers", "客户数"),
    "churned_rows": Text("churned_rows", "流失行数"),
    "churned_customers": Text("churned_customers", "流失客户数"),
    "churners": Text("churners", "流失行数"),
    "sampled_share": Text("sampled_share", "抽样比例"),
}
_INSTANTS: Final = ("trained_at", "cut_offs", "created_at")


def training_lines(digest: str, card: Mapping[str, Any], zone: str, locale: Locale) -> Iterator[str]:
    """What was trained, on how much, and how well it did afterwards."""
    zh, counts = locale is Locale.ZH, card["counts"]
    yield f"模型 {digest}" if zh else f"Model {digest}"
    words = (
        "由 {customers} 位客户的 {rows} 个样本训练，其中 {churned_rows} 个流失。"
        if zh
        else "Trained on {rows} rows of {customers} customers; {churned_rows} of the rows churned."
    )
    yield words.format(**counts)
    for shot in card["evaluation"]:
        best = max(shot["baselines"], key=lambda name: shot["baselines"][name]["auc"] or 0)
        rival = (BASELINES.get(best, Text(best)).within(locale), _digits(shot["baselines"][best]["auc"]))
        day, auc = local_day(shot["as_of"], zone), _digits(shot["auc"])
        yield (
            f"截至 {day} 评估：AUC {auc}；最好的基线 {rival[0]} {rival[1]}。"
            if zh
            else f"Evaluated as of {day}: AUC {auc}; the best baseline, {rival[0]}, {rival[1]}."
        )
    yield _winner(card, locale)


def _winner(card: Mapping[str, Any], locale: Locale) -> str:
    zh, won = locale is Locale.ZH, card["baseline_won"]
    if won is None:
        return "由梯度提升树作答。" if zh else "The trees answer."
    why = card.get("baseline_won_because")
    told = why.get(locale.value, why.get("en")) if isinstance(why, dict) else why
    name = BASELINES.get(won, Text(won)).within(locale)
    return (f"由基线 {name} 作答" if zh else f"A baseline, {name}, answers") + (f": {told}" if told else "")


def prediction_rows(counts: Mapping[str, int], locale: Locale) -> list[tuple[object, ...]]:
    """Customers by status of their prediction, in words."""
    return [(count, status, STATUSES.get(status, Text("")).within(locale)) for status, count in counts.items()]


def evaluation_table(
    snapshots: Sequence[Mapping[str, Any]], zone: str, locale: Locale
) -> tuple[list[str], list[list[object]]]:
    """Heads and rows: the model and every baseline at every snapshot."""
    rows: list[list[object]] = []
    for shot in snapshots:
        model = {**shot, "as_of": local_day(shot["as_of"], zone), "who": "模型" if locale is Locale.ZH else "model"}
        rows.append([_digits(model[name]) for _, name in _EVALUATION])
        for name, baseline in shot["baselines"].items():
            known = {"who": BASELINES.get(name, Text(name)).within(locale), **baseline}
            rows.append([_digits(known.get(column, "")) for _, column in _EVALUATION])
    return [head.within(locale) for head, _ in _EVALUATION], rows


def card_lines(card: Mapping[str, Any], zone: str, locale: Locale) -> Iterator[str]:
    """The card without its evaluation and its predictions, which are tables; instants as days of the zone."""
    for title, name in _CARD:
        value = card.get(name)
        if name in _INSTANTS and value:
            value = [local_day(one, zone) for one in ([value] if isinstance(value, str) else value)]
        if isinstance(value, dict):
            value = value.get(locale.value) or _listed(value, locale)
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        yield f"{title.within(locale)}: {value}"
    yield _winner(card, locale)


def _listed(parts: Mapping[str, Any], locale: Locale) -> str:
    """Counts and parameters in a row; counts in words, parameters by the names their program has for them."""
    words = [f"{_PARTS.get(key, Text(key)).within(locale)} {part}" for key, part in parts.items()]
    return ("，" if locale is Locale.ZH else ", ").join(words)


def value_lines(report: Mapping[str, Any], markets: Sequence[str], zone: str, locale: Locale) -> Iterator[str]:
    """For how many customers which estimate is known, and how each was made."""
    zh, day, horizon = locale is Locale.ZH, local_day(report["as_of"], zone), report["horizon_days"]
    yield f"截至 {day}，未来 {horizon} 天：" if zh else f"As of {day}, {horizon} days ahead:"
    for market in markets:
        parts = [
            f"{title.within(locale)} {report[f'{market}.{name}']} ({report['methods'][f'{market}.{name}']})"
            for name, title in ESTIMATES.items()
            if f"{market}.{name}" in report
        ]
        if parts:
            known = "已知客户数：" if zh else "customers with "
            yield f"  {market}  {known}{('，' if zh else ', ').join(parts)}"


def local_day(instant: str, zone: str) -> str:
    """The local date of an instant in ISO 8601.

    >>> local_day("2010-08-31T23:00:00Z", "Europe/London")
    '2010-09-01'
    """
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)).date().isoformat()


def _digits(value: object) -> object:
    """Measures with three digits after the point; anything else as it is.

    >>> _digits(0.7166275), _digits(None), _digits(2831)
    ('0.717', '', 2831)
    """
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else value
