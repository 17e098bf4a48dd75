"""Sentences about tiers, stages, campaigns and tests."""

from __future__ import annotations

from typing import Final

from engine.rulebook.wordings.form import Wording

MARKETS: Final = {
    "tier_order": Wording(
        "RULE_ORDER",
        "`{key}` starts at {text}, but the better tier `{better}` starts at {above}: "
        "every score for `{key}` is one for `{better}`.",
        "`{key}` 从 {text} 起，而更高等级 `{better}` 从 {above} 起：达到 `{key}` 的分数都已达到 `{better}`。",
        "Give `{better}` more than {text}, or `{key}` less than {above}; list tiers from best to last.",
        "请让 `{better}` 高于 {text}，或让 `{key}` 低于 {above}；等级从高到低排列。",
    ),
    "too_many_tiers": Wording(
        "RULE_LIMIT",
        "There are more than {limit} tiers.",
        "等级超过 {limit} 个。",
        "A handful is enough; remove the rest.",
        "几个等级就够了，请删去其余。",
    ),
    "tier_last": Wording(
        "RULE_ORDER",
        "The last tier takes everybody else and has no `{key}`.",
        "最后一个等级收纳其余客户，不能有 `{key}`。",
        "Remove `{key}`, or add a tier below.",
        "请删除 `{key}`，或在下面再加一个等级。",
    ),
    "tier_not_last": Wording(
        "RULE_ORDER",
        "`{key}` has no `at_least`, so no tier below it can be reached.",
        "`{key}` 没有 `at_least`，其下等级无法达到。",
        "Add `at_least`, or move it to the end.",
        "请补上 `at_least`，或移到最后。",
    ),
    "band_order": Wording(
        "RULE_ORDER",
        "The band `{key}` must start above the one before it.",
        "`{key}` 必须高于前一档。",
        "Write LOW, WATCH, HIGH, CRITICAL with rising edges.",
        "请按 LOW、WATCH、HIGH、CRITICAL 写递增的边界。",
    ),
    "band_first": Wording(
        "RULE_VALUE",
        "The first band must start at 0.",
        "第一档必须从 0 开始。",
        "Otherwise low probabilities have no band.",
        "否则较低的概率没有档位。",
    ),
    "else_last": Wording(
        "RULE_ORDER",
        "Lines after `else` are never reached.",
        "`else` 之后的行永远不会执行。",
        "Move `else` to the end.",
        "请把 `else` 移到最后。",
    ),
    "else_missing": Wording(
        "RULE_MISSING_KEY",
        "The lifecycle does not end with `else`.",
        "生命周期没有以 `else` 结束。",
        "Add a last line `- else: ACTIVE` with its `phase`.",
        "请在最后加一行 `- else: ACTIVE` 并写上 `phase`。",
    ),
    "phase_differs": Wording(
        "RULE_VALUE",
        "The stage {stage} is in phase {phase} on line {line}.",
        "阶段 {stage} 在第 {line} 行属于 {phase}。",
        "A stage belongs to one phase.",
        "一个阶段只能属于一个时期。",
    ),
    "empty_list": Wording(
        "RULE_VALUE", "`{key}` is empty.", "`{key}` 是空的。", "Write at least one item.", "请至少写一项。"
    ),
    "market_file": Wording(
        "RULE_VALUE",
        "This file is for the market {expected}.",
        "这个文件对应市场 {expected}。",
        "Write `market: {expected}`.",
        "请写 `market: {expected}`。",
    ),
    "version": Wording(
        "RULE_VALUE",
        "Format version {text} is not known here.",
        "不支持格式版本 {text}。",
        "Write `touchstone: 1`.",
        "请写 `touchstone: 1`。",
    ),
    "consent_place": Wording(
        "RULE_UNKNOWN_KEY",
        "Consent belongs to the channel, not to a trigger.",
        "同意（consent）属于渠道，不属于触发规则。",
        "Write it under `channels:`.",
        "请写在 `channels:` 下。",
    ),
    "invariant": Wording(
        "RULE_EXPRESSION",
        "`{text}` is not an invariant.",
        "`{text}` 不是可检查的不变式。",
        "What can be said: `more METRIC never lowers the tier` (or `less`, `raises`, `the score`); "
        "`share(A or B) between 1% and 10%` (or `at least 1%`, `at most 10%`); `nobody with CONDITION is in A or B`; "
        "`everybody with CONDITION is in A or B`; `every A or B has CONDITION`.",
        "可以写：`more 指标 never lowers the tier`（或 `less`、`raises`、`the score`）；"
        "`share(A or B) between 1% and 10%`（或 `at least 1%`、`at most 10%`）；`nobody with 条件 is in A or B`；"
        "`everybody with 条件 is in A or B`；`every A or B has 条件`。",
    ),
    "never_true": Wording(
        "RULE_VALUE",
        "`{text}` can never be: scores run from 0 to 100.",
        "`{text}` 不可能成立：得分在 0 到 100 之间。",
        "Compare with a score that there can be.",
        "请与可能出现的得分比较。",
    ),
    "never_given": Wording(
        "RULE_VALUE",
        "A test expects {kind} `{text}`, which this rule book never gives.",
        "测试预期的{kind} `{text}` 在本规则库中不会出现。",
    ),
    "comparison": Wording(
        "RULE_EXPRESSION",
        "`{text}` is neither a score nor a comparison.",
        "`{text}` 既不是分数也不是比较。",
        'Write 75 or ">= 75".',
        '请写 75 或 ">= 75"。',
    ),
}
"""Wordings about tiers, stages, campaigns and tests."""
