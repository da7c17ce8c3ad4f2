"""What is shown of a picture beside the picture: parts of the face hidden in turn, and the whole one smoothed."""

from engines.render.spec import Region, Squeeze, ViewSpec

HIDDEN = (
    ViewSpec(name="upper", occlusions=(Region(0.0, 0.0, 1.0, 0.32),), fill=128),
    ViewSpec(name="eyes", occlusions=(Region(0.0, 0.30, 1.0, 0.25),), fill=128),
    ViewSpec(name="lower", occlusions=(Region(0.0, 0.62, 1.0, 0.38),), fill=128),
    ViewSpec(name="left", occlusions=(Region(0.0, 0.0, 0.45, 1.0),), fill=128),
    ViewSpec(name="right", occlusions=(Region(0.55, 0.0, 0.45, 1.0),), fill=128),
)
"""Where hats, glasses and respirators sit, and the two sides of the face."""

SQUEEZED = ViewSpec(name="median3", squeeze=Squeeze.MEDIAN3)
