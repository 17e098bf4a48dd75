"""What customers have brought, cost and will bring: pure functions over frames of their purchases."""

from engine.value.acquisition import AcquisitionCosts, Allocation, allocate_costs
from engine.value.band import Band
from engine.value.bgnbd import (
    BgNbd,
    expected_if_alive,
    expected_purchases,
    fit_bgnbd,
    probability_alive,
    probability_silent,
)
from engine.value.document import read_value_document, value_document
from engine.value.frame import (
    NEVER,
    NO_MARGIN,
    AsOf,
    Attribute,
    EventFrame,
    Purchases,
    Signals,
    as_known,
    canonical,
)
from engine.value.history import historic_margin
from engine.value.lifetime import ValueColumns, ValueModel, expected_value, fit_value, predict_value
from engine.value.renewals import (
    Contracts,
    Renewals,
    add_values,
    contract_value,
    expected_residual_renewals,
    fit_renewals,
    retention,
)
from engine.value.spend import (
    GammaGamma,
    ShrunkenMean,
    conditional_mean,
    correlation,
    fit_gamma_gamma,
    fit_shrunken_mean,
    shrink,
)
from engine.value.summary import PurchaseDays, Summary, amounts, purchase_days, summarise

__all__ = [
    "NEVER",
    "NO_MARGIN",
    "AcquisitionCosts",
    "Allocation",
    "AsOf",
    "Attribute",
    "Band",
    "BgNbd",
    "Contracts",
    "EventFrame",
    "GammaGamma",
    "PurchaseDays",
    "Purchases",
    "Renewals",
    "ShrunkenMean",
    "Signals",
    "Summary",
    "ValueColumns",
    "ValueModel",
    "add_values",
    "allocate_costs",
    "amounts",
    "as_known",
    "canonical",
    "conditional_mean",
    "contract_value",
    "correlation",
    "expected_if_alive",
    "expected_purchases",
    "expected_residual_renewals",
    "expected_value",
    "fit_bgnbd",
    "fit_gamma_gamma",
    "fit_renewals",
    "fit_shrunken_mean",
    "fit_value",
    "historic_margin",
    "predict_value",
    "probability_alive",
    "probability_silent",
    "purchase_days",
    "read_value_document",
    "retention",
    "shrink",
    "summarise",
    "value_document",
]
