"""What the keys of the rule book, of metrics and markets are for, a sentence each, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.vocabulary import Text

BOOK: Final[Mapping[str, Text]] = {
    "touchstone": Text("Version of the format; always 1.", "格式版本，固定为 1。"),
    "name": Text("Name that rules and reports use.", "规则和报表中使用的名称。"),
    "title": Text("Name for people, in English and Chinese.", "显示名称，中英文各一。"),
    "en": Text("In English.", "英文。"),
    "zh": Text("In Chinese.", "中文。"),
    "owner": Text("Who answers for the rules.", "规则的负责人。"),
    "currency": Text("ISO 4217; money in all rule files is in it.", "ISO 4217 货币代码，规则文件中的金额均以此计。"),
    "timezone": Text(
        "Zone whose calendar days count, e.g. Asia/Shanghai.", "按哪个时区划分每一天，例如 Asia/Shanghai。"
    ),
    "review_by": Text("When the rules must be looked at again.", "须在此日期前复审规则。"),
    "sources": Text("How fresh the data of a source must be.", "各数据来源的时效要求。"),
    "fresh_within": Text(
        "No news for longer: all metrics of the source are unknown.", "超过此天数未更新，来自该来源的指标视为未知。"
    ),
    "approval": Text("Who must approve a change.", "变更的审批要求。"),
    "approvers": Text(
        "How many must approve a change, never its author; 0: nobody has to.",
        "须批准变更的人数，作者本人不计；0 为无须审批。",
    ),
    "valid_for": Text(
        "For so long after its preview a change may be approved and published, e.g. 7d.",
        "预览后多少天内可以批准并发布变更，例如 7d。",
    ),
    "guardrails": Text("A change that moves more needs a second approver.", "变动超过此范围须有第二人批准。"),
    "max_moved": Text("Share of all customers, e.g. 10%.", "占全部客户的比例，例如 10%。"),
    "max_moved_down_from": Text("By tier, the share of it that moves down.", "按等级，允许降级的比例。"),
    "metrics": Text("What is measured, by name.", "各项指标，按名称列出。"),
    "overrides": Text("How tiers are set by hand.", "人工评级的规则。"),
    "second_approver": Text("When somebody else has to agree to a tier set by hand.", "何时人工评级须经另一人同意。"),
    "tiers_apart": Text("So many tiers or more from the computed one.", "与计算等级相差多少级或以上。"),
    "best_tier": Text("Also when it lifts somebody into the best tier.", "升入最高等级时同样须经同意。"),
    "value_above": Text(
        "Also above this lifetime value, e.g. 500000.", "客户终身价值超过此金额时同样须经同意，例如 500000。"
    ),
    "review_queue": Text("Which decisions a run puts before a person.", "运行将哪些决定交由人工复核。"),
    "missing_data": Text("Tiers that missing data keep.", "因数据缺失而保持的等级。"),
    "near_threshold": Text(
        "Scores close to a tier's start, of valuable customers.", "高价值客户中得分接近等级起点者。"
    ),
    "margin": Text("Points to either side of the start, e.g. 2.", "起点两侧的分数，例如 2。"),
    "top_share": Text("The most valuable share of customers, e.g. 10%.", "价值最高的客户比例，例如 10%。"),
    "guardrail": Text("Moves of a run that crosses a guardrail.", "越过护栏的运行中的变动。"),
    "per_run": Text("How many reviews one run makes at most.", "每次运行至多生成多少件复核。"),
}
"""Keys of `rulebook.yaml`."""

METRICS: Final[Mapping[str, Text]] = {
    "type": Text("What sort of value it is.", "数值的类型。"),
    "from": Text("Kind of records it is taken from.", "取自哪类记录。"),
    "take": Text(
        "What is taken of the records, e.g. sum(net), count(), days_since(max(occurred_at)).",
        "从记录中取什么，例如 sum(net)、count()、days_since(max(occurred_at))。",
    ),
    "where": Text(
        "Only records for which this holds, e.g. status == 'paid'.", "只取符合条件的记录，例如 status == 'paid'。"
    ),
    "within": Text("Days before the day of the decision, e.g. 365d.", "决定日之前的天数，例如 365d。"),
    "days": Text("Length of the window in days.", "时间窗口的天数。"),
    "offset": Text("How many days before the day of the decision the window ends.", "时间窗口在决定日之前多少天结束。"),
    "min_count": Text("Fewer records than this: unknown.", "记录少于此数时为未知。"),
    "empty": Text("What it means that there is nothing; without it: unknown.", "没有记录时的取值；不写则为未知。"),
    "field": Text("Imported attribute of the customer.", "导入的客户属性。"),
    "value": Text("Stored estimate: clv, cac or margin.", "存储的估值：clv、cac 或 margin。"),
    "horizon": Text("How far ahead the estimate looks, e.g. 365d.", "估值覆盖的未来天数，例如 365d。"),
    "model": Text("Stored prediction of a model.", "存储的模型预测。"),
    "max_age": Text("Older than this: unknown.", "超过此天数未更新视为未知。"),
    "expr": Text("Calculated from other metrics.", "由其他指标计算。"),
    "values": Text("The texts it may have.", "允许的文字取值。"),
    "low": Text("Values below are unknown.", "低于此值视为未知。"),
    "high": Text("Values above are unknown.", "高于此值视为未知。"),
    "actionable": Text(
        "Somebody can change it; explanations propose steps of this size.", "可人为改变；说明中按此步长给出建议。"
    ),
    "direction": Text("Which way is better.", "朝哪个方向更好。"),
    "step": Text("Smallest sensible change.", "有意义的最小变化。"),
}
"""Keys of `metrics.yaml`."""

MARKETS: Final[Mapping[str, Text]] = {
    "market": Text("The market of this file.", "本文件对应的市场。"),
    "scorecard": Text("Criteria and what they weigh.", "评分项及其权重。"),
    "missing": Text("What it means that a metric is unknown.", "指标未知时如何处理。"),
    "default": Text("For criteria that do not say otherwise.", "评分项未另行说明时采用。"),
    "min_known_weight": Text("Percent of the weight that must be known for a score.", "已知权重达到此百分比才有得分。"),
    "criteria": Text("What earns points.", "各评分项。"),
    "metric": Text("The metric it looks at.", "所依据的指标。"),
    "weight": Text("Relative whole number.", "相对权重，整数。"),
    "curve": Text(
        "[value, points] pairs, straight lines between, flat outside.", "[数值, 分数] 列表，其间为直线，两端不变。"
    ),
    "bins": Text("Points by range of values.", "按数值区间给分。"),
    "edges": Text("Where the next bin begins; the edge belongs to it.", "各段的起点，边界值属于后一段。"),
    "points": Text("One more than edges, 0 to 100.", "比边界多一个，0 至 100。"),
    "reason": Text("Code of what is said when it costs points or decides.", "失分或直接决定等级时给出的原因代码。"),
    "tiers": Text("Best first; the last takes everybody else.", "从高到低；最后一级收纳其余客户。"),
    "key": Text("Short name of the tier.", "等级代码。"),
    "at_least": Text("Points from which the tier starts.", "进入该等级的最低分。"),
    "gates": Text("Conditions that must hold as well.", "还须满足的条件。"),
    "or_when": Text("Another way into the tier.", "进入该等级的另一途径。"),
    "when": Text("The condition.", "条件。"),
    "on_unknown": Text("What to do while the condition is unknown.", "条件未知时如何处理。"),
    "force": Text(
        "Rules that decide the tier outright; the first that holds wins.", "直接决定等级的规则，先符合者为准。"
    ),
    "tier": Text("Key of a tier.", "等级代码。"),
    "stability": Text("How reluctantly tiers move.", "等级变动的稳定性。"),
    "exit_margin": Text("Points below the start before a tier is lost.", "低于起点多少分才会降级。"),
    "grace": Text("How long that must last without a break, e.g. 28d.", "须连续保持多久，例如 28d。"),
    "min_dwell": Text("Least time in a tier before it is lost, e.g. 91d.", "降级前在该等级的最短停留，例如 91d。"),
    "down": Text("One tier at a time, or all the way.", "每次一级，或一次到位。"),
    "up": Text("One tier at a time, or all the way.", "每次一级，或一次到位。"),
    "confirm": Text("Deciding days in a row that must agree.", "须连续一致的决定日数。"),
    "risk": Text("Bands of the churn probability.", "流失概率的档位。"),
    "bands": Text("Lower edge of each band; the first is 0.", "各档的起点，第一档为 0。"),
    "reasons": Text("Texts by reason code.", "各原因代码的文字。"),
}
"""Keys of `b2b.yaml` and `b2c.yaml`."""
