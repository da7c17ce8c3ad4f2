import pytest

from edge.capture.synthetic_motion import SceneMode, SyntheticMotion, parse_motion
from edge.domain.errors import UsageError


def test_options_of_every_type() -> None:
    motion = parse_motion("mode=frozen&seed=3&frames=90&fps=25&size=320x240&stay_s=1.5")
    assert motion == SyntheticMotion(mode=SceneMode.FROZEN, seed=3, frames=90, fps=25, size=(320, 240), stay_s=1.5)


@pytest.mark.parametrize(
    "text", ["mode=upside-down", "fps=0", "seed=-1", "noise=0", "noise=nan", "stay_s=inf", "size=20x20", "scale=9"]
)
def test_impossible_motion(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_motion(text)
    assert caught.value.hint
