"""What the planner may replace: optimisations (FUSIONS), and variants of a kernel, always chosen (VARIANTS)."""
from . import (
    arrange_rules,
    conv_rules,
    layer_norm_rules,
    layout_rules,
    linear_rules,
    norm_rules,
    pooled_rules,
    winograd_rules,
)

FUSIONS = [
    *arrange_rules.FUSIONS,
    *layout_rules.FUSIONS,
    *norm_rules.FOLDS,
    *pooled_rules.FUSIONS,
    *linear_rules.FUSIONS,
    *conv_rules.FUSIONS,
    *conv_rules.SEPARABLE,
    *norm_rules.FUSIONS,
    *layer_norm_rules.FUSIONS,
    *conv_rules.NORMALISED,
    *conv_rules.SUMMED,
    *conv_rules.BETWEEN,
]

VARIANTS = [*winograd_rules.WINOGRAD, *conv_rules.DEPTHWISE, *conv_rules.NARROW, *conv_rules.DIRECT]
