"""Make the golden data of ``engines/golden``.

``outputs``: run the fp32 models in onnxruntime over the golden pictures. After a change of the catalog.
``pictures PORTRAITS``: cut the committed pictures from ``grace_hopper.jpg`` and ``astronaut.png`` in the folder
PORTRAITS (see ``engines/golden/README.md``), then do the same. After a change of a crop recipe only.
"""

import argparse
import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.build import load_engine
from engines.cache import ModelStore
from engines.catalog import ModelSpec, Role, load_catalog
from engines.fetch import fetch_all
from engines.golden import (
    PICTURE_NAMES,
    ROW_SCORE,
    batch_from_pictures,
    detector_picture,
    embedder_pictures,
    expected_key,
)
from engines.runtime.base import FloatArray, Precision
from engines.yunet import rows_above

FOLDER = Path(__file__).resolve().parent.parent / "engines" / "golden"
PORTRAITS = {"hopper": "grace_hopper.jpg", "astronaut": "astronaut.png"}
BOX_SCALE = 1.25
# Scale of the detector's box and (width, height) of the panel, for faces of about 90, 66 and 28 pixels.
SCENE = ((1.6, (144, 168)), (1.45, (96, 112)), (1.7, (48, 56)))
# The ArcFace template of 112 x 112 pixels: eyes, nose, mouth corners, from the picture's left to its right.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
_EPOCH = (1980, 1, 1, 0, 0, 0)

Picture = NDArray[np.uint8]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("outputs")
    commands.add_parser("pictures").add_argument("portraits", type=Path)
    arguments = parser.parse_args()
    store = ModelStore()
    fetch_all(load_catalog().values(), store)
    if arguments.command == "pictures":
        write_pictures(arguments.portraits, store)
    write_outputs(golden_outputs(store), FOLDER / "outputs.npz")


def golden_outputs(store: ModelStore) -> dict[str, FloatArray]:
    """Return all golden outputs by key."""
    outputs = {}
    for spec in load_catalog().values():
        for size in spec.sizes:
            outputs[expected_key(spec, size)] = model_outputs(spec, size, store)
    return outputs


def model_outputs(spec: ModelSpec, size: tuple[int, int], store: ModelStore) -> FloatArray:
    """Return the golden outputs of one model at one size."""
    is_detector = spec.role is Role.DETECTOR
    pictures = (detector_picture(size),) if is_detector else embedder_pictures(spec.input.side)
    batch = batch_from_pictures(spec, pictures)
    engine = load_engine(
        spec,
        store,
        runtime="onnxruntime",
        precision=Precision.FP32,
        batch=len(pictures),
        size=size,
        threads=2,
    )
    with engine:
        found = engine.infer(batch)
        if is_detector:
            return rows_above(found, size[0], ROW_SCORE)
        return found[spec.output_names[0]].copy()


def write_outputs(outputs: dict[str, FloatArray], path: Path) -> None:
    """Write an .npz that depends on nothing but its content."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in sorted(outputs.items()):
            buffer = io.BytesIO()
            np.save(buffer, value)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), buffer.getvalue(), zipfile.ZIP_DEFLATED)
    print(f"{path}: {len(outputs)} outputs, {path.stat().st_size} bytes")


def write_pictures(portraits: Path, store: ModelStore) -> None:
    """Cut and write the crops of both portraits and the detector's scene."""
    detector = cv2.FaceDetectorYN.create(str(store.onnx_path(load_catalog()["yunet-2023mar"])), "", (320, 320), 0.8)
    panels = []
    for name in PICTURE_NAMES[:2]:
        image = cv2.imread(str(portraits / PORTRAITS[name]), cv2.IMREAD_COLOR)
        if image is None:
            raise SystemExit(f"{portraits / PORTRAITS[name]} cannot be read")
        detector.setInputSize((image.shape[1], image.shape[0]))
        _, faces = detector.detect(image)
        face = faces[0]
        write_png(FOLDER / f"{name}-160.png", box_crop(image, face, BOX_SCALE, (160, 160)))
        write_png(FOLDER / f"{name}-112.png", aligned_crop(image, face))
        panels.append([box_crop(image, face, scale, size) for scale, size in SCENE])
    write_png(FOLDER / "scene-320.png", scene(panels))


def scene(panels: list[list[Picture]]) -> Picture:
    """Return both portraits at three sizes, so that every head of the detector has work, and a ramp around them."""
    (large_a, middle_a, small_a), (large_b, middle_b, small_b) = panels
    smalls = np.vstack([np.hstack([small_a, small_b]), np.hstack([small_b[:, ::-1], small_a[:, ::-1]])])
    faces = np.vstack([np.hstack([large_a, large_b]), np.hstack([middle_a, middle_b[:, ::-1], smalls])])
    ramp = np.linspace(0, 255, 320).astype(np.uint8)
    picture = np.repeat(np.tile(ramp, (320, 1))[..., None], 3, axis=-1)
    picture[: faces.shape[0], : faces.shape[1]] = faces
    return picture


def box_crop(image: cv2.typing.MatLike, face: FloatArray, scale: float, size: tuple[int, int]) -> Picture:
    """Return the face's box, scaled about its center and stretched to (width, height)."""
    x, y, width, height = (float(value) for value in face[:4])
    left, top = x + width / 2 - width * scale / 2, y + height / 2 - height * scale / 2
    sx, sy = width * scale / size[0], height * scale / size[1]
    matrix = np.array([[sx, 0, left + sx / 2 - 0.5], [0, sy, top + sy / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, matrix, size, flags=flags).astype(np.uint8)


def aligned_crop(image: cv2.typing.MatLike, face: FloatArray) -> Picture:
    """Return the face turned, scaled and moved so that its five points lie on the template."""
    points = face[4:14].reshape(5, 2)
    matrix, _ = cv2.estimateAffinePartial2D(points, TEMPLATE, method=cv2.LMEDS)
    return cv2.warpAffine(image, matrix, (112, 112), flags=cv2.INTER_LINEAR).astype(np.uint8)


def write_png(path: Path, picture: Picture) -> None:
    """Write a BGR picture."""
    if not cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise SystemExit(f"{path} cannot be written")
    print(path)


if __name__ == "__main__":
    main()
