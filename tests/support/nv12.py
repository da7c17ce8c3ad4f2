"""NV12 pictures, as cameras behind GStreamer give them."""

import cv2
import numpy as np
from numpy.typing import NDArray


def nv12_of(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a BGR picture (h, w, 3) of even sides as NV12 (h * 3 / 2, w): luma, then both chromas in turns."""
    height, width = bgr.shape[:2]
    planar = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).astype(np.uint8)
    chroma = planar[height:].reshape(2, -1)
    return np.concatenate([planar[:height].ravel(), chroma.T.ravel()]).reshape(height * 3 // 2, width)


def bgr_of(nv12: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an NV12 picture in the colors that the gate gives it."""
    return np.asarray(cv2.cvtColor(nv12, cv2.COLOR_YUV2BGR_NV12), np.uint8)
