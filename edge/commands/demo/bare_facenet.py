"""What a gate with the bare FaceNet alone would do: one model, one frame, one threshold, no defense."""

from edge.commands.demo.result import BareVerdict, Shot
from edge.daemon.assembly import GateParts
from edge.daemon.models import SECOND
from edge.vision.align import crop_geometry
from engines.render.spec import PLAIN


def bare_verdict(shot: Shot, parts: GateParts) -> BareVerdict | None:
    """Return what such a gate would make of a shot's face; None without a face.

    The threshold is the profile's for this model by itself (``match.alone``).

    Raises:
        RecognitionError: the engine failed.
        TrustError: the gallery belongs to another model, recipe or precision class.
    """
    if shot.face is None:
        return None
    stage = parts.models.stage(SECOND)
    probe = stage.embedder.embed_one(shot.pixels, crop_geometry(stage.crop_recipe, shot.face), PLAIN)
    found = parts.gallery.search(probe)
    return BareVerdict(score=-1.0 if found is None else found[1], threshold=parts.profile.match.alone[SECOND])
