"""Cameras that FFmpeg reads: video files, V4L2 devices and RTSP(S) streams, as BGR."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
from av import VideoCodecContext
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from edge.capture.av_errors import device_error, file_error, network_error
from edge.capture.camera import RawFrame
from edge.capture.device_options import DeviceOptions, RtspOptions
from edge.capture.limits import LEAST_SIDE_PX, MOST_DECODED_PX, fit_size
from edge.capture.source_timeline import SourceTimeline
from edge.domain.errors import CameraError

_CONNECT_TIMEOUT_S = 5.0
_CORRUPT_IN_A_ROW = 60  # two seconds of video without one picture that decodes


class PyAVCamera:
    """One video stream, decoded frame by frame; frames of any size may follow one another.

    Damaged packets are skipped until 60 in a row decode to nothing. Made by ``video_file``, ``v4l2_camera`` or
    ``rtsp_camera``.
    """

    def __init__(
        self,
        *,
        url: str,
        container_format: str | None,
        options: dict[str, str],
        explain: Callable[[av.FFmpegError], CameraError],
        is_live: bool,
        has_driver_clock: bool = False,
        most_px: int = MOST_DECODED_PX,
    ) -> None:
        self._url = url
        self._container_format = container_format
        self._options = options
        self._explain = explain
        self._is_live = is_live
        self._has_driver_clock = has_driver_clock
        self._most_px = most_px
        self._container: InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._reformatter = VideoReformatter()

    def open(self) -> None:
        """Open the stream and read its header.

        Raises:
            CameraError: not there, refused, not a video, or without a picture stream.
        """
        av.logging.set_level(None)  # FFmpeg's log repeats URLs
        try:
            self._container = av.open(
                self._url,
                format=self._container_format,
                options=self._options,
                timeout=(_CONNECT_TIMEOUT_S, _CONNECT_TIMEOUT_S) if self._is_live else None,
            )
            stream = self._picture_stream(self._container)
        except av.FFmpegError as error:
            self.close()
            raise self._explain(error) from None
        except CameraError:
            self.close()
            raise
        self._frames = self._decoded(self._container, stream)

    def read(self) -> RawFrame | None:
        """Return the next frame; None at the end of a file.

        Raises:
            CameraError: the device or connection is gone, or nothing can be decoded any more.
        """
        try:
            frame = next(self._frames, None)
        except av.FFmpegError as error:
            raise self._explain(error) from None
        if frame is not None:
            return self._raw(frame)
        if self._is_live:
            raise CameraError(
                "the camera ended its stream", hint="check the camera's power; it is tried again by itself"
            )
        return None

    def close(self) -> None:
        """Close the stream."""
        self._frames = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None

    def _picture_stream(self, container: InputContainer) -> VideoStream:
        if not container.streams.video:
            raise CameraError("there is no picture in this stream", hint="name a video, not a sound file")
        stream = container.streams.video[0]
        context: VideoCodecContext | None = stream.codec_context  # None where FFmpeg knows no decoder
        if context is None:
            raise CameraError(
                "the pictures of this stream cannot be decoded", hint="the file is damaged, or convert it to H.264"
            )
        if context.width * context.height > self._most_px:
            raise CameraError(
                f"the video is too large ({context.width} x {context.height} pixels)",
                hint=f"shrink it below {self._most_px // 1_000_000} megapixels",
            )
        # FFmpeg then also refuses a picture that turns larger midway, before it takes memory for it.
        context.options = {"max_pixels": str(self._most_px)}
        if self._is_live:
            context.thread_type = "SLICE"  # frame threads would hold pictures back
            context.flags |= int(av.codec.context.Flags.low_delay)
        else:
            context.thread_type = "AUTO"
        self._timeline = SourceTimeline(float(stream.average_rate or 30))
        return stream

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
        """Yield frames, stepping over damaged packets."""
        corrupt = 0
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                corrupt += 1
                if corrupt >= _CORRUPT_IN_A_ROW:
                    raise
                continue
            for frame in frames:
                corrupt = 0
                if isinstance(frame, av.VideoFrame):
                    yield frame

    def _raw(self, frame: av.VideoFrame) -> RawFrame:
        if min(frame.width, frame.height) < LEAST_SIDE_PX:
            raise CameraError(
                f"the video is only {frame.width} x {frame.height} pixels", hint="use a camera of 640 x 480 or more"
            )
        width, height = fit_size(frame.width, frame.height)
        bgr = self._reformatter.reformat(frame, width=width, height=height, format="bgr24", threads=1)
        plane = bgr.planes[0]
        pixels = np.ndarray((height, width, 3), np.uint8, memoryview(plane), strides=(plane.line_size, 3, 1))
        if frame.rotation % 90 == 0 and frame.rotation % 360:
            pixels = np.rot90(pixels, k=frame.rotation // 90)
        if self._is_live:
            return RawFrame(pixels=pixels, captured_ns=_driver_stamp(frame.time) if self._has_driver_clock else None)
        return RawFrame(pixels=pixels, source_time_ns=self._timeline.next_ns(frame.time))


def video_file(path: str) -> PyAVCamera:
    """Return the camera that plays a video file.

    It may open nothing but that file: playlists that name URLs are refused by FFmpeg's protocol list.
    """
    shown = Path(path).name
    return PyAVCamera(
        url=f"file:{path}",
        container_format=None,
        options={"protocol_whitelist": "file"},
        explain=lambda error: file_error(shown, error),
        is_live=False,
    )


def v4l2_camera(device: str, wish: DeviceOptions) -> PyAVCamera:
    """Return the camera at a V4L2 device such as ``/dev/video0``."""
    options = {}
    if wish.size:
        options["video_size"] = f"{wish.size[0]}x{wish.size[1]}"
    if wish.fps:
        options["framerate"] = str(wish.fps)
    return PyAVCamera(
        url=device,
        container_format="v4l2",
        options=options,
        explain=lambda error: device_error(device, error),
        is_live=True,
        has_driver_clock=True,
    )


def rtsp_camera(url: str, shown: str, trust: RtspOptions) -> PyAVCamera:
    """Return the camera at an RTSP(S) URL, over TCP, with as little delay as FFmpeg can do.

    Args:
        url: with its login.
        shown: the same, redacted, for messages.
        trust: whom an ``rtsps`` camera must prove to be.
    """
    options = {
        "rtsp_transport": "tcp",
        "timeout": str(int(_CONNECT_TIMEOUT_S * 1e6)),
        "fflags": "nobuffer",
        "max_delay": "0",
        "reorder_queue_size": "0",
        "analyzeduration": "1000000",
        "fpsprobesize": "0",
        "allowed_media_types": "video",
    }
    if url.lower().startswith("rtsps:") and trust.is_verified:
        import ssl

        options["tls_verify"] = "1"
        authorities = trust.ca or ssl.get_default_verify_paths().cafile
        if authorities:
            options["cafile"] = authorities
        if trust.name:
            options["verifyhost"] = trust.name
    return PyAVCamera(
        url=url,
        container_format="rtsp",
        options=options,
        explain=lambda error: network_error(shown, error),
        is_live=True,
    )


def _driver_stamp(seconds: float | None) -> int | None:
    """Return a V4L2 driver's time stamp if it is one of CLOCK_MONOTONIC, just taken; else None."""
    if seconds is None:
        return None
    stamp = int(seconds * 1e9)
    age = time.monotonic_ns() - stamp
    return stamp if 0 <= age <= 5_000_000_000 else None
