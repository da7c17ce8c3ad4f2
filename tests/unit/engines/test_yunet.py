import numpy as np

from engines.runtime.base import FloatArray
from engines.yunet import decode_rows, rows_above


def heads(width: int, height: int) -> dict[str, FloatArray]:
    outputs = {}
    for stride in (8, 16, 32):
        count = width // stride * (height // stride)
        for head, columns in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{head}_{stride}"] = np.zeros((1, count, columns), np.float32)
    return outputs


def test_row_is_decoded_to_pixels() -> None:
    outputs = heads(64, 32)
    row = 2 * 1 + 8  # stride 8, eight cells a line: line 1, column 2
    outputs["cls_8"][0, row], outputs["obj_8"][0, row] = 0.9, 0.4
    outputs["bbox_8"][0, row] = [0.5, 0.25, np.log(2), np.log(3)]
    outputs["kps_8"][0, row] = np.arange(10) / 10
    (found,) = rows_above(outputs, 64, 0.5)
    assert found[:2].tolist() == [8, row]
    np.testing.assert_allclose(found[2], 0.6, rtol=1e-6)
    np.testing.assert_allclose(found[3:7], [20 - 8, 10 - 12, 16, 24], rtol=1e-6)
    np.testing.assert_allclose(found[7:11], [16, 8 + 0.8, 16 + 1.6, 8 + 2.4], rtol=1e-6)


def test_scores_outside_0_to_1_are_clamped() -> None:
    outputs = heads(32, 32)
    outputs["cls_32"][:], outputs["obj_32"][:] = 1.5, 1.5
    assert rows_above(outputs, 32, 0.5)[0, 2] == 1.0
    outputs["obj_32"][:] = -1
    assert len(rows_above(outputs, 32, 0.5)) == 0


def test_no_rows_decode_to_an_empty_table() -> None:
    assert decode_rows(heads(32, 32), 32, 16, np.zeros(0, np.float32)).shape == (0, 17)
