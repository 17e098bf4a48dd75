"""What the keys of stages, campaigns and tests are for, a sentence each, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.vocabulary import Text

CONTACTS: Final[Mapping[str, Text]] = {
    "lifecycle": Text(
        "The stages; the first that fits decides, the last is `else`.", "各阶段，先符合者为准，最后一行为 else。"
    ),
    "stage": Text("The stage.", "阶段。"),
    "else": Text("The stage of everybody else.", "其余客户的阶段。"),
    "phase": Text("What the stage asks for.", "该阶段所属的时期。"),
    "channels": Text("Ways a contact leaves, by name.", "触达渠道，按名称列出。"),
    "consent": Text("Nobody is reached without this consent.", "须取得此项同意才能触达。"),
    "to": Text("The customer, or the customer's owner.", "客户本人，或客户负责人。"),
    "per_owner": Text("At most so many a day for each owner.", "每位负责人每天的上限。"),
    "defaults": Text("For triggers that do not say otherwise.", "触发规则未另行说明时采用。"),
    "cooldown": Text("Days until the same customer again, e.g. 30d.", "同一客户再次触发的间隔，例如 30d。"),
    "quiet_hours": Text('Nothing is sent then, e.g. "21:00-09:00".', '该时段不发送，例如 "21:00-09:00"。'),
    "holdout": Text("Not contacted, to measure the effect.", "不触达，用于衡量效果。"),
    "percent": Text("Percent of the triggered customers.", "占触发客户的百分比。"),
    "salt": Text("A new one draws anew.", "更换后重新抽样。"),
    "cap": Text("Marketing contacts of one customer.", "单个客户的营销触达上限。"),
    "max": Text("At most so many.", "最多次数。"),
    "per": Text("In so many days, e.g. 30d.", "在多少天内，例如 30d。"),
    "triggers": Text("Who is contacted when.", "何时联系哪些客户。"),
    "priority": Text("0 to 1000; the highest goes first.", "0 至 1000，高者优先。"),
    "channel": Text("The way it leaves.", "触达渠道。"),
    "template": Text("The text that is sent, or what the task is.", "发送的文案，或任务内容。"),
    "purpose": Text("Marketing counts against the cap, service does not.", "营销计入触达上限，服务不计。"),
    "unit_cost": Text("What one contact costs.", "每次触达的成本。"),
    "per_day": Text("At most so many a day.", "每天的上限。"),
    "due": Text("Time somebody has to act, e.g. 2d.", "须在多久内处理，例如 2d。"),
    "tags": Text("Labels for lists and filters.", "用于列表和筛选的标签。"),
    "tag": Text("Name of the label.", "标签名称。"),
}
"""Keys of `lifecycle.yaml` and `campaigns.yaml`."""

TESTS: Final[Mapping[str, Text]] = {
    "tests": Text("Made-up customers and what must come out for them.", "假想客户及其应得的结果。"),
    "invariants": Text(
        "What must always hold, e.g. more spend never lowers the tier.",
        "始终成立的要求，例如 more spend never lowers the tier。",
    ),
    "as_of": Text("Day of the decision.", "决定的日期。"),
    "given": Text("Metrics of the customer; what is not given is unknown.", "客户的指标，未给出的视为未知。"),
    "state": Text("What the decision before left.", "上一次决定留下的状态。"),
    "expect": Text("What must come out.", "应得的结果。"),
    "since": Text("First day of it.", "开始的日期。"),
    "provisional": Text("The tier waits for missing data.", "等级因数据缺失而暂定。"),
    "forced": Text("The force rule that decides.", "起作用的强制规则。"),
    "override": Text("Tier set by hand.", "人工设定的等级。"),
    "pending": Text("A move that waits.", "等待生效的变动。"),
    "last": Text("Its latest deciding day.", "最近的决定日。"),
    "dates": Text("How many deciding days agreed.", "已一致的决定日数。"),
    "consents": Text("Consents granted; left out: all.", "已取得的同意；不写则视为全部同意。"),
    "last_contact": Text("Day of the latest contact, by campaign.", "各活动最近一次触达的日期。"),
    "contacts": Text("Marketing contacts within the cap's window.", "触达上限周期内的营销触达次数。"),
    "computed": Text("Tier of the ladder, before an override.", "人工设定之前的等级。"),
    "score": Text('Exactly 75, or a comparison: ">= 75".', '精确值 75，或比较式 ">= 75"。'),
    "held_by": Text("What keeps the customer from moving; null: nothing.", "使客户不变动的原因；null 表示没有。"),
    "campaigns": Text("Exactly the campaigns that reach the customer.", "恰好触达该客户的活动。"),
    "fixtures": Text("Named customers that tests start from.", "供测试引用的样例客户。"),
    "like": Text("The fixture it starts from.", "所参照的样例。"),
    "without": Text("Metrics of that fixture that are unknown here.", "该样例中此处视为未知的指标。"),
}
"""Keys of tests."""

ELSEWHERE: Final[Mapping[str, Mapping[str, Text]]] = {
    "a test's expect": {
        "tier": Text("Effective tier; UNRATED for none.", "最终等级；没有则为 UNRATED。"),
        "risk": Text("Risk band; null: unknown.", "流失风险档位；null 表示未知。"),
        "reasons": Text("Codes that must be among the reasons.", "必须出现的原因代码。"),
        "tags": Text("Exactly these tags.", "恰好这些标签。"),
        "forced": Text("Name of the force rule that decides; null: none.", "起作用的强制规则；null 表示没有。"),
    },
    "a pending move": {
        "to": Text("Where it leads.", "变动的目标等级。"),
        "direction": Text("Down or up.", "降级或升级。"),
    },
    "a test's state": {
        "stage": Text("Stage before.", "此前的阶段。"),
        "tier": Text("Tier before.", "此前的等级。"),
    },
}
"""Keys that mean something else there, by what they are keys of."""
