"""Small JPEG files that we made ourselves: a contributor's bytes never reach the browser."""

import threading
from collections import OrderedDict

import cv2

from edge.capture.picture import read_picture
from training.manifest.objects import PictureFiles

SMALL_PX = 128
LARGE_PX = 512
_QUALITY = 88
_MOST_KEPT = 2_000  # about 10 KiB each
_DECODED_AT_ONCE = 2  # a picture of 64 megapixels takes 200 MB


class Thumbnails:
    """Makes them, and keeps the newest in memory. Thread-safe.

    Args:
        files: of the dataset.
    """

    def __init__(self, files: PictureFiles) -> None:
        self._files = files
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._decoding = threading.Semaphore(_DECODED_AT_ONCE)

    def jpeg(self, sha256: str, side_px: int) -> bytes:
        """Return a picture as JPEG, its longer side ``side_px`` at most, upright, without metadata.

        The file is proven every time, so that one that was changed shows nothing.

        Raises:
            StoreError: the file is not there.
            TrustError: it was changed.
            PictureError: it cannot be decoded.
        """
        path = self._files.proven(sha256)
        with self._lock:
            if kept := self._kept.get((sha256, side_px)):
                self._kept.move_to_end((sha256, side_px))
                return kept
        with self._decoding:
            pixels = read_picture(path)
            height, width = pixels.shape[:2]
            shrink = min(1.0, side_px / max(height, width))
            size = max(1, round(width * shrink)), max(1, round(height * shrink))
            small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            content = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
        with self._lock:
            self._kept[sha256, side_px] = content
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return content
