from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge_export.bias_correction import run_trunk
from edge_export.quantize import quantize_trunk


@pytest.mark.parametrize("count", [1, 100, 139, 1001])
def test_any_number_of_images_gives_ranges(trunks: dict[str, Any], digits: Any, count: int) -> None:
    images = np.resize(digits.images, (count, 28, 28))
    quantized = quantize_trunk(trunks["nano"].float32, images)
    assert np.isfinite(run_trunk(quantized, images)).all()
