"""The slot under a real writer process that never rests."""

import os
import select
import subprocess
import sys
import time

from edge.capture.slot import SlotReader, create_slot

WRITER = """
import sys
import numpy as np
from edge.capture.camera import RawFrame
from edge.capture.slot import SlotWriter
writer = SlotWriter(int(sys.argv[1]))
sizes = [(480, 640), (48, 64), (240, 320), (481, 641)]
pictures = [np.empty((*sizes[i % 4], 3), np.uint8) for i in range(4)]
seq = 1
print(flush=True)
while True:
    pixels = pictures[seq % 4]
    pixels.fill(seq % 251)
    seq = writer.write(RawFrame(pixels=pixels), captured_ns=seq) + 1
"""


def test_no_frame_is_ever_torn_by_a_writer_that_never_waits() -> None:
    fd = create_slot()
    reader = SlotReader(fd)
    process = subprocess.Popen([sys.executable, "-P", "-c", WRITER, str(fd)], pass_fds=(fd,), stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        select.select([process.stdout], [], [], 20)
        taken = last = 0
        deadline = time.monotonic() + 30
        while taken < 1500 and time.monotonic() < deadline:
            frame = reader.take()
            if frame is None:
                continue
            taken += 1
            assert frame.seq > last
            assert frame.captured_ns == frame.seq
            last = frame.seq
            for _ in range(2):  # it must stay whole for as long as it is held
                assert int(frame.pixels.min()) == int(frame.pixels.max()) == frame.seq % 251
        assert taken == 1500
        assert last > taken  # the writer did run ahead
    finally:
        process.kill()
        process.communicate()
        reader.close()
        os.close(fd)
