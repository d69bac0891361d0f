from __future__ import annotations

from edge_infer.boxes import Box, reading_order


def test_reading_order_goes_by_rows_that_slope() -> None:
    upper = [Box(x, 20 + x // 20, 20, 40) for x in (300, 20, 160)]
    lower = [Box(x, 90 + x // 20, 20, 40) for x in (200, 10)]
    assert reading_order([*upper, *lower]) == [1, 2, 0, 4, 3]
