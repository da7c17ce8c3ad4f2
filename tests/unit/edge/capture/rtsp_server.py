"""A network camera in miniature: RTSP over TCP (RFC 2326) with interleaved RTP (RFC 6184, single NAL units)."""

import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
import numpy as np

_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"
    "a=control:track1\r\n"
)


def _encoded(frames: int) -> list[list[bytes]]:
    """Return the NAL units of each frame of a 64x48 H.264 video."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 48, "yuv420p", Fraction(1, 25)
    encoder.options = {"tune": "zerolatency", "g": "5", "x264-params": "repeat-headers=1:annexb=1"}
    packets = []
    for index in range(frames):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 100 + index, np.uint8), "bgr24")
        frame.pts = index
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return [[unit for unit in re.split(rb"\x00?\x00\x00\x01", packet) if unit] for packet in packets]


class RtspServer:
    """Streams ``frames`` frames to every client and then hangs up. Wants any login, never checks it."""

    def __init__(self, *, frames: int, tls: ssl.SSLContext | None = None) -> None:
        self._frames = _encoded(frames)
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), client:
                client.settimeout(10)
                if self._tls is None:
                    self._talk(client)
                else:
                    with self._tls.wrap_socket(client, server_side=True) as secured:
                        self._talk(secured)

    def _talk(self, client: socket.socket) -> None:
        pending = b""
        while chunk := client.recv(4096):
            pending += chunk
            while b"\r\n\r\n" in pending:
                request, _, pending = pending.partition(b"\r\n\r\n")
                method = request.split(b" ")[0].decode()
                client.sendall(self._answer(method, request.decode()))
                if method == "PLAY":
                    self._stream(client)
                    return

    def _answer(self, method: str, request: str) -> bytes:
        number = re.search(r"CSeq: (\d+)", request)
        head = f"RTSP/1.0 200 OK\r\nCSeq: {number[1] if number else 0}\r\n"
        if method == "DESCRIBE":
            return f"{head}Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n\r\n{_SDP}".encode()
        if method == "SETUP":
            return f"{head}Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n".encode()
        return f"{head}Session: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".encode()

    def _stream(self, client: socket.socket) -> None:
        number = 0
        for index, units in enumerate(self._frames):
            for place, unit in enumerate(units):
                marker = 0x80 if place == len(units) - 1 else 0
                packet = struct.pack(">BBHII", 0x80, 96 | marker, number, 3600 * index, 1) + unit
                client.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                number += 1
            time.sleep(0.01)
